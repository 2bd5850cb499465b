"""The override that is written: it inherits, and says nothing but what changes."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config

from nwd_mmdet.config import load_config, read_config
from nwd_mmdet.enabling.enable import enable
from nwd_mmdet.enabling.metric import Metric

CASCADE = 'mmdet::cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py'
RETINANET = read_config('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py').model.to_dict()
PYTHON_BASE = """from mmdet.models import RetinaNet, RetinaHead, ResNet
from mmdet.models.losses import L1Loss
from mmdet.models.task_modules import MaxIoUAssigner

model = dict({model})
model.update(type=RetinaNet)
model['backbone'].update(type=ResNet)
model['bbox_head'].update(type=RetinaHead, loss_bbox=dict(type=L1Loss, loss_weight=1.0))
model['train_cfg']['assigner'].update(type=MaxIoUAssigner)
"""


def write(base: str | Path, out: Path, metric: str = 'nwd', constant: float | str = 'auto') -> str:
    enable(str(base), out, Metric(metric, constant))
    return out.read_text()


def test_nothing_of_a_list_is_lost(tmp_path: Path) -> None:
    text = write(CASCADE, tmp_path / 'mine.py')
    assert 'for stage in _base_.model.train_cfg.rcnn' in text and len(text.splitlines()) < 40
    base, mine = read_config(CASCADE).model, read_config(tmp_path / 'mine.py').model
    for old, new in zip(base.train_cfg.rcnn, mine.train_cfg.rcnn):
        assert new.assigner == dict(old.assigner, type='NWDAssigner')
        assert {**new, 'assigner': None} == {**old, 'assigner': None}
    for old, new in zip(base.roi_head.bbox_head, mine.roi_head.bbox_head):
        assert new.loss_bbox == dict(type='NWDLoss', loss_weight=10.0)
        assert {**new, 'loss_bbox': old.loss_bbox} == {**old, 'reg_decoded_bbox': True}
    assert [stage.assigner.pos_iou_thr for stage in mine.train_cfg.rcnn] == [0.5, 0.6, 0.7]


def test_entries_of_a_list_that_differ(tmp_path: Path) -> None:
    write(CASCADE, tmp_path / 'mine.py', 'giou')
    stages = read_config(tmp_path / 'mine.py').model.train_cfg.rcnn
    assert [stage.assigner.neg_iou_thr for stage in stages] == [(-2.0, 0.5), (-2.0, 0.6), (-2.0, 0.7)]
    rpn = 'mmdet::cascade_rpn/cascade-rpn_faster-rcnn_r50-caffe_fpn_1x_coco.py'
    write(rpn, tmp_path / 'rpn.py')
    first, second = read_config(tmp_path / 'rpn.py').model.train_cfg.rpn
    assert first == read_config(rpn).model.train_cfg.rpn[0] and second.assigner.type == 'NWDAssigner'


@pytest.mark.parametrize(
    ('metric', 'constant', 'knob', 'own'),
    [('nwd', 8.0, 8.0, 8.0), ('nwd_iou', 8.0, 8.0, 8.0), ('dotd', 8.0, None, 8.0), ('giou', 'auto', None, None)],
)
def test_constants(metric: str, constant: float | str, knob: float | None, own: float | None, tmp_path: Path) -> None:
    text = write(CASCADE, tmp_path / 'mine.py', metric, constant)
    assert text.count('8.0') == (0 if own is None else 1 if knob else text.count('type='))
    cfg = load_config(tmp_path / 'mine.py')
    parts = [cfg.model.test_cfg.rcnn.nms, cfg.model.rpn_head.loss_bbox]
    assert cfg.get('nwd_constant') == knob and [part.get('constant') for part in parts] == [own, own]


@pytest.mark.parametrize('ending', ['py', 'json', 'yml'])
def test_files_are_inherited_by_a_relative_path(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / f'configs/base.{ending}'
    base.parent.mkdir()
    content = json.dumps(dict(model=RETINANET))
    base.write_text(f'model = {RETINANET!r}' if ending == 'py' else content)
    monkeypatch.chdir(tmp_path)
    assert f"_base_ = '../../configs/base.{ending}'" in write(f'configs/base.{ending}', Path('new/folder/mine.py'))
    assert read_config('new/folder/mine.py').model.train_cfg.assigner.type == 'NWDAssigner'
    assert f"_base_ = './base.{ending}'" in write(f'configs/base.{ending}', Path('configs/mine.py'))


def test_what_the_base_imports_is_imported(tmp_path: Path) -> None:
    base = tmp_path / 'base.py'
    base.write_text(f"model = {RETINANET!r}\ncustom_imports = dict(imports='json', allow_failed_imports=True)")
    write(base, tmp_path / 'mine.py')
    imports = dict(imports=['json', 'nwd_mmdet'], allow_failed_imports=True)
    assert read_config(tmp_path / 'mine.py').custom_imports == imports
    enable(str(tmp_path / 'mine.py'), tmp_path / 'again.py', Metric('diou'))
    assert 'custom_imports' not in (tmp_path / 'again.py').read_text()
    assert read_config(tmp_path / 'again.py').custom_imports == imports


def test_a_pure_python_config_is_inherited_by_another(tmp_path: Path) -> None:
    (tmp_path / 'base.py').write_text(PYTHON_BASE.format(model=repr(RETINANET)))
    text = write(tmp_path / 'base.py', tmp_path / 'mine.py', constant=8.0)
    assert 'with read_base():\n    from .base import *' in text
    model = load_config(tmp_path / 'mine.py').model
    assert model.train_cfg.assigner == dict(RETINANET['train_cfg']['assigner'], type='NWDAssigner', constant=8.0)
    assert model.bbox_head.loss_bbox == dict(type='NWDLoss', loss_weight=2.0, constant=8.0)
    assert model.test_cfg.score_thr == 0.05 and model.neck.type == 'FPN'
    assert model.test_cfg.nms == dict(type='nwd_nms', iou_threshold=0.5, constant=8.0)
    Config.fromstring(load_config(tmp_path / 'mine.py').pretty_text, '.py')  # the runner dumps it


def test_nothing_of_a_list_is_lost_in_pure_python(tmp_path: Path) -> None:
    base = read_config(CASCADE).model.to_dict()
    (tmp_path / 'base.py').write_text(f'from mmdet.models import CascadeRCNN\nmodel = dict({base!r}, type=CascadeRCNN)')
    assert 'for stage in model.train_cfg.rcnn' in write(tmp_path / 'base.py', tmp_path / 'mine.py')
    stages = read_config(tmp_path / 'mine.py').model.train_cfg.rcnn
    for old, new in zip(base['train_cfg']['rcnn'], stages):
        assert new == dict(old, assigner=dict(old['assigner'], type='NWDAssigner'))


def test_a_pure_python_config_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / 'some_detectors/configs'
    folder.mkdir(parents=True)
    (tmp_path / 'some_detectors/__init__.py').touch()
    (folder / 'base.py').write_text(PYTHON_BASE.format(model=repr(RETINANET)))
    with pytest.raises(
        ValueError, match=r'lies in no importable package\. Write the override beside it: --out .*configs/mine.py'
    ):
        write(folder / 'base.py', tmp_path / 'elsewhere/mine.py')
    monkeypatch.syspath_prepend(tmp_path)
    assert 'from some_detectors.configs.base import *' in write(folder / 'base.py', tmp_path / 'elsewhere/mine.py')
    assert read_config(tmp_path / 'elsewhere/mine.py').model.train_cfg.assigner.type == 'NWDAssigner'
