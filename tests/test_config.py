"""What becomes of a config before it is run."""

import json
from pathlib import Path

import pytest
from conftest import ROOT
from mmengine.config import Config

from nwd_mmdet.config import load_config, read_config
from nwd_mmdet.datasets.synthetic import draw_set

CONFIG = str(ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_synthetic.py')
RPN = 'model.train_cfg.rpn.assigner.constant'


def load(**options: object) -> Config:
    return load_config(CONFIG, options)


def test_auto_becomes_the_mean_size_of_the_training_set(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_set(tmp_path, {'train': 6, 'val': 1})
    monkeypatch.setenv('SYNTHETIC_ROOT', str(tmp_path))
    config = load(**{RPN: 'auto'})
    constant = config.model.train_cfg.rpn.assigner.constant
    assert isinstance(constant, float) and 5 < constant < 30
    assert f'constant={constant}' in config.pretty_text


def test_an_rpn_with_a_constant_for_each_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r'assigner.constant=\[5.0, 9.0\].*an RPN does not know the classes'):
        load(**{RPN: [5.0, 9.0]})
    assert load(**{'model.train_cfg.rcnn.assigner.constant': [5.0, 9.0]}).default_scope == 'mmdet'


def write(path: Path, names: list[str]) -> None:
    categories = [{'id': number, 'name': name} for number, name in enumerate(names, 1)]
    path.write_text(json.dumps({'images': [], 'annotations': [], 'categories': categories}))


def auto_classes(root: Path, **options: object) -> Config:
    """The demo's config on the files train.json and val.json of a folder, with the classes from them."""
    for part in ('train', 'val', 'test'):
        dataset = f'{part}_dataloader.dataset'
        options[f'{dataset}.data_root'] = str(root)
        options[f'{dataset}.ann_file'] = 'train.json' if part == 'train' else 'val.json'
        options[f'{dataset}.metainfo'] = dict(classes='auto')
    return load(**{'model.roi_head.bbox_head.num_classes': 'auto', **options})


def test_classes_are_read_from_the_annotations(tmp_path) -> None:
    write(tmp_path / 'train.json', ['buoy', 'boat', 'pier'])
    write(tmp_path / 'val.json', ['boat', 'buoy', 'pier'])  # another order
    config = auto_classes(tmp_path)
    for part in ('train', 'val', 'test'):
        assert tuple(config[f'{part}_dataloader'].dataset.metainfo.classes) == ('buoy', 'boat', 'pier')
    assert config.model.roi_head.bbox_head.num_classes == 3


def test_classes_that_cannot_be_read_are_explained(tmp_path) -> None:
    write(tmp_path / 'train.json', ['buoy', 'boat'])
    write(tmp_path / 'val.json', ['buoy', 'ship'])
    with pytest.raises(ValueError, match=r"have not the same classes, they differ by \['boat', 'ship'\]"):
        auto_classes(tmp_path)
    write(tmp_path / 'train.json', [])
    with pytest.raises(ValueError, match='train.json lists no categories'):
        auto_classes(tmp_path)
    write(tmp_path / 'train.json', ['buoy', 'boat'])
    (tmp_path / 'val.json').write_text('[]')
    with pytest.raises(ValueError, match='val.json: not a COCO data set'):
        auto_classes(tmp_path)
    with pytest.raises(ValueError, match="num_classes='auto' needs to know the classes"):
        load(**{'model.roi_head.bbox_head.num_classes': 'auto'})
    with pytest.raises(FileNotFoundError, match='nowhere'):
        auto_classes(tmp_path / 'nowhere')


def test_configs_of_mmdet() -> None:
    config = read_config('mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py')
    assert config.model.type == 'FCOS'
    with pytest.raises(FileNotFoundError):
        read_config('mmdet::fcos/no_such_config.py')
    with pytest.raises(FileNotFoundError, match='relative to the working directory'):
        read_config('no_such_config.py')


def test_fragments_are_dropped(tmp_path: Path) -> None:
    (tmp_path / 'parts.py').write_text('parts = dict(_fragment_=True, inner=dict(number=3))\nother = dict(number=4)\n')
    (tmp_path / 'config.py').write_text("_base_ = './parts.py'\nmodel = {{_base_.parts.inner}}\n")
    config = read_config(tmp_path / 'config.py')
    assert config.to_dict() == {'model': {'number': 3}, 'other': {'number': 4}}
    assert 'parts' not in config.pretty_text


ALL = {
    'model.train_cfg.rpn.assigner.constant',
    'model.train_cfg.rpn_proposal.nms.constant',
    'model.test_cfg.rpn.nms.constant',
    'model.rpn_head.loss_bbox.constant',
}


def constants(config: Config) -> dict[str, object]:
    found = {}

    def look(value: object, path: str) -> None:
        for key, item in value.items() if isinstance(value, dict) else ():
            look(item, f'{path}.{key}')
            if key == 'constant':
                found[f'{path}.{key}'] = item

    look(config.model, 'model')
    return found


def test_one_constant_for_every_part_with_nwd(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr('nwd_mmdet.config.print_log', lambda message, **_: said.append(message))
    assert constants(load(nwd_constant=9.5)) == dict.fromkeys(ALL, 9.5)
    assert constants(load(nwd_constant=9.5, **dict.fromkeys(ALL, 9.5))) == dict.fromkeys(ALL, 9.5)
    assert not said, 'they have that already, or nothing'
    assert constants(load(nwd_constant=9.5, **dict.fromkeys(ALL, 12.8))) == dict.fromkeys(ALL, 9.5)
    (warning,) = said
    assert 'nwd_constant=9.5 takes the place of' in warning and all(f'{path}=12.8' in warning for path in ALL)


def test_the_constant_reaches_metrics_and_dual_weighting() -> None:
    changes = {
        'model.train_cfg.rcnn.assigner': dict(
            type='MaxIoUAssigner', iou_calculator=dict(type='OverlapCalculator', metric='nwd')
        ),
        'model.test_cfg.rcnn.nms': dict(type='overlap_nms', metric='iou', iou_threshold=0.5),
    }
    config = load(nwd_constant=20, **changes)
    assert config.model.train_cfg.rcnn.assigner.iou_calculator.constant == 20
    assert 'constant' not in config.model.test_cfg.rcnn.nms
    dual = load_config(ROOT / 'configs/dw/dw-nwd_r18-small_fpn_worefine_synthetic.py', {'nwd_constant': 7})
    assert dual.model.bbox_head.assigner.overlap_params.constant == dual.model.bbox_head.loss_bbox.constant == 7


def test_the_constant_everywhere_from_the_data(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_set(tmp_path, {'train': 6, 'val': 1})
    monkeypatch.setenv('SYNTHETIC_ROOT', str(tmp_path))
    config = load(nwd_constant='auto')
    assert set(constants(config)) == ALL and set(constants(config).values()) == {config.nwd_constant}
    assert config.nwd_constant == load(**{RPN: 'auto'}).model.train_cfg.rpn.assigner.constant


@pytest.mark.parametrize('constant', [0, -3, 'mean', [5.0, 9.0], True])
def test_a_constant_that_is_none_is_refused(constant: object) -> None:
    with pytest.raises(ValueError, match="nwd_constant=.*must be a positive number of px, or 'auto'"):
        load(nwd_constant=constant)


def test_without_the_data_the_error_names_what_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('SYNTHETIC_ROOT', '/nowhere')
    message = r"(?s)no annotation file.*/nowhere.*for an 'auto' in the config.*work_dirs/NAME/NAME\.py"
    with pytest.raises(FileNotFoundError, match=message):
        load(nwd_constant='auto')
    assert load(nwd_constant=9).nwd_constant == 9
    assert load().model.type == 'FasterRCNN', 'without an auto no file is read'


def test_a_constant_that_no_part_takes_is_refused() -> None:
    with pytest.raises(ValueError, match='no part of the model compares boxes by NWD'):
        load_config(ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_synthetic.py', {'nwd_constant': 9})
