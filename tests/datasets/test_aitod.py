import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS, METRICS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from nwd_mmdet.config import load_config
from nwd_mmdet.datasets import AITODDataset, aitod
from nwd_mmdet.datasets.aitod import CLASSES, RELEASES, find_annotations
from nwd_mmdet.datasets.synthetic import draw_set

SPLITS = ('train', 'val', 'trainval', 'test')
FILES = [(release.names[0], name, split) for release, split in zip(RELEASES, SPLITS * 2) for name in release.names]


def box(category_id, *bbox, **more):
    return dict(image_id=1, category_id=category_id, bbox=list(bbox), area=bbox[2] * bbox[3], iscrowd=0, **more)


def write_set(root, name='aitod_train_v1.json', annotations=None, categories=None, folder='train', images=2, **coco):
    """Write a set of 48 x 40 px images; annotations are numbered here, images are 1.png, 2.png, ..."""
    annotations = [box(6, 5, 6, 7, 8)] if annotations is None else annotations
    content = dict(
        images=[dict(id=i, file_name=f'{i}.png', width=48, height=40) for i in range(1, images + 1)],
        annotations=[dict(id=i, **annotation) for i, annotation in enumerate(annotations, 1)],
        categories=categories or [dict(id=i, name=name) for i, name in enumerate(CLASSES, 1)],
    )
    (root / 'annotations').mkdir(parents=True, exist_ok=True)
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / 'annotations' / name).write_text(json.dumps(content | coco))
    for image in content['images']:
        cv2.imwrite(str(root / folder / image['file_name']), np.zeros((40, 48, 3), np.uint8))


def load(root, name='aitod_train_v1.json', **more):
    return AITODDataset(data_root=str(root), ann_file=f'annotations/{name}', data_prefix=dict(img='train/'), **more)


@pytest.fixture
def log(monkeypatch):
    lines = []
    monkeypatch.setattr(aitod, 'print_log', lambda message, **_: lines.append(message))
    return lines


@pytest.mark.parametrize(('asked', 'there', 'split'), FILES)
def test_every_name_in_the_wild_is_found(tmp_path, log, asked, there, split):
    write_set(tmp_path, there)
    dataset = load(tmp_path, asked)
    assert Path(dataset.ann_file).name == there
    assert len(dataset) == 2 and dataset.get_data_info(0)['instances'][0]['bbox'] == [5, 6, 12, 14]
    assert any('another name' in line and there in line for line in log) == (asked != there)


def test_another_split_or_version_is_never_taken(tmp_path):
    for asked, _, _ in FILES:
        folder = tmp_path / asked
        for release in RELEASES:
            if asked not in release.names:
                for name in release.names:
                    folder.mkdir(exist_ok=True)
                    (folder / name).touch()
        with pytest.raises(FileNotFoundError):
            find_annotations(folder / asked)


def test_missing_annotations_say_where_and_how(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load(tmp_path, 'aitod_val_v1.json')
    for part in (
        *(str(tmp_path / 'annotations' / name) for name in ('aitod_val_v1.json', 'aitod_validation_v1.0.json')),
        *('jwwangchn/AI-TOD', 'xView', 'AITOD_ROOT', 'data_root'),
    ):
        assert part in str(error.value)


def test_another_set_is_not_told_of_aitod(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'(?s)train\.json.*draw_synthetic\.py.*docs/datasets\.md') as error:
        find_annotations(tmp_path / 'train.json')
    assert 'xView' not in str(error.value)


@pytest.mark.parametrize('folder', ['train', 'train/images', 'images/train'])
def test_image_folder_with_and_without_images(tmp_path, folder):
    write_set(tmp_path, folder=folder)
    assert Path(load(tmp_path).get_data_info(1)['img_path']) == tmp_path / folder / '2.png'


def test_missing_images(tmp_path, log):
    write_set(tmp_path, images=3)
    (tmp_path / 'train/2.png').unlink()
    load(tmp_path)
    assert any('1 of 3 images have no file' in line and '2.png' in line for line in log)
    for index in (1, 3):
        (tmp_path / f'train/{index}.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'none of the 3 images(.|\n)*train/images(.|\n)*xView'):
        load(tmp_path)


def test_labels_follow_the_names_not_the_order_of_the_file(tmp_path, log):
    backwards = [dict(id=10 * i, name=name) for i, name in enumerate(reversed(CLASSES), 1)]
    write_set(tmp_path, categories=backwards, annotations=[box(c['id'], 5, 6, 7, 8) for c in backwards])
    instances = load(tmp_path).get_data_info(0)['instances']
    assert [CLASSES[i['bbox_label']] for i in instances] == list(reversed(CLASSES))
    assert any('ids are not 1 to 8' in line and 'airplane 80' in line for line in log)


def test_a_selection_of_classes(tmp_path, log):
    write_set(tmp_path, annotations=[box(i, 5, 6, 7, 8) for i in range(1, 9)])
    dataset = load(tmp_path, metainfo=dict(classes=('person', 'ship')))
    assert [i['bbox_label'] for i in dataset.get_data_info(0)['instances']] == [1, 0]
    assert any('left out: airplane, bridge' in line for line in log)


def test_a_class_by_another_name_raises(tmp_path):
    names = [name.replace('-', '_') for name in CLASSES]
    write_set(tmp_path, categories=[dict(id=i, name=name) for i, name in enumerate(names, 1)])
    with pytest.raises(ValueError, match="no category 'storage-tank'.*it has.*'storage_tank'"):
        load(tmp_path)


@pytest.mark.parametrize(
    ('key', 'value', 'match'),
    [
        ('images', [dict(id=1, file_name='1.png', width=48, height=40)] * 2, 'image ids must be unique'),
        ('annotations', [dict(id=3, **box(1, 1, 1, 4, 4))] * 2, 'annotation ids must be unique, these repeat: 3'),
        ('categories', [dict(id=i, name='ship') for i in range(8)], 'category names must be unique'),
    ],
)
def test_ids_that_repeat_raise(tmp_path, key, value, match):
    write_set(tmp_path, **({'categories': value} if key == 'categories' else {}))
    path = tmp_path / 'annotations/aitod_train_v1.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ValueError, match=match):
        load(tmp_path)


def test_annotations_without_an_image_are_reported(tmp_path, log):
    write_set(tmp_path, annotations=[box(1, 1, 1, 4, 4), {**box(1, 1, 1, 4, 4), 'image_id': 99}])
    assert sum(len(load(tmp_path).get_data_info(i)['instances']) for i in range(2)) == 1
    assert any('1 annotations belong to no image' in line for line in log)


def test_ignored_and_clipped_and_dropped_boxes(tmp_path, log):
    write_set(
        tmp_path,
        annotations=[
            box(1, 10, 10, 5, 5, ignore=1),
            {**box(2, 10, 20, 5, 5), 'iscrowd': 1},
            box(3, -3, 35, 10, 20),
            box(4, 47.5, 5, 10, 10),  # half a pixel of it is inside
            box(5, 5, 5, 0.5, 10),
            {**box(6, 5, 5, 4, 4), 'area': 0},  # a wrong area is no reason to lose the box
        ],
    )
    instances = load(tmp_path).get_data_info(0)['instances']
    assert [(i['bbox_label'], i['ignore_flag'], i['bbox']) for i in instances] == [
        (0, 1, [10, 10, 15, 15]),
        (1, 1, [10, 20, 15, 25]),
        (2, 0, [0, 35, 7, 40]),
        (5, 0, [5, 5, 9, 9]),
    ]
    assert any(line.endswith('2 boxes dropped: under 1 px wide or high inside their image') for line in log)


def test_published_sizes_are_checked_for_published_names_only(tmp_path, log):
    write_set(tmp_path, 'aitodv2_val.json')
    load(tmp_path, 'aitodv2_val.json')
    assert any('2 images, the published split has 2,804' in line for line in log)
    assert any('1 instances, the published split has 75,091' in line for line in log)
    log.clear()
    write_set(tmp_path, 'my_val.json')
    load(tmp_path, 'my_val.json')
    assert log == []


def test_published_sizes_agree_with_each_other():
    for train, val, trainval, test in (RELEASES[:4], RELEASES[4:]):
        assert train.images + val.images == trainval.images
        assert trainval.images + test.images == 28036
    train, val, trainval, test = RELEASES[4:]
    assert train.instances + val.instances == trainval.instances
    assert trainval.instances + test.instances == pytest.approx(752745, abs=1)


# The configs ---------------------------------------------------------------------------------------------------------
def build(root, name, folder, monkeypatch, variable):
    """Build both data sets of a config, check that the evaluator reads what is tested on, and return them."""
    register_all_modules()
    monkeypatch.setenv(variable, str(folder))
    config = Config.fromfile(root / f'configs/_base_/datasets/{name}.py')
    Config.fromstring(config.pretty_text, '.py')  # the runner dumps it
    train, val = (DATASETS.build(config[f'{split}_dataloader'].dataset) for split in ('train', 'val'))
    assert config.test_dataloader == config.val_dataloader and config.test_evaluator == config.val_evaluator
    assert Path(config.val_evaluator.ann_file) == Path(val.ann_file)
    METRICS.build(config.val_evaluator)
    return train, val


@pytest.mark.parametrize(
    ('name', 'train', 'test'),
    [
        ('aitod', 'aitod_trainval_v1.json', 'aitod_test_v1.json'),
        ('aitodv2', 'aitodv2_trainval.json', 'aitodv2_test.json'),
        ('aitod_train-val', 'aitod_train_v1.json', 'aitod_val_v1.json'),
    ],
)
def test_aitod_configs(root, tmp_path, monkeypatch, name, train, test):
    for file, images in ((train, 2), (test, 3)):
        folder = 'val' if '_val' in file else next(s for s in ('trainval', 'train', 'test') if f'_{s}' in file)
        write_set(tmp_path, file, folder=folder, images=images)
    train_set, test_set = build(root, name, tmp_path, monkeypatch, 'AITOD_ROOT')
    assert (len(train_set), len(test_set)) == (1, 3)  # training leaves images without objects out
    sample = train_set[0]
    assert sample['inputs'].shape == (3, 667, 800)  # 48 x 40 at the largest scale that fits 800 x 800
    assert sample['data_samples'].gt_instances.bboxes.tensor.max() > 14
    assert test_set[2]['data_samples'].scale_factor == pytest.approx((16.67, 16.67), abs=0.01)


def test_synthetic_config(root, tmp_path, monkeypatch):
    draw_set(tmp_path, {'train': 3, 'val': 2}, (96, 64))
    train_set, test_set = build(root, 'synthetic', tmp_path, monkeypatch, 'SYNTHETIC_ROOT')
    assert (len(train_set), len(test_set)) == (3, 2)
    assert train_set.metainfo['classes'] == CLASSES
    assert test_set[0]['inputs'].shape == (3, 64, 96)


def test_sirst_config(root, shared, monkeypatch):
    train_set, test_set = build(root, 'sirst', shared / 'real/sirst_v2', monkeypatch, 'SIRST_ROOT')
    assert (len(train_set), len(test_set)) == (411, 103)
    crops = [train_set[i] for i in range(40)]
    assert all(crop['inputs'].shape == (3, 256, 256) for crop in crops)
    assert np.mean([len(crop['data_samples'].gt_instances) > 0 for crop in crops]) > 0.5
    whole = test_set[0]['data_samples']
    assert whole.img_shape == whole.ori_shape


def test_the_example_of_the_docs(root, tmp_path, monkeypatch):
    register_all_modules()
    example = (root / 'docs/datasets.md').read_text().split("```python\n_base_ = '..")[1].split('```')[0]
    (tmp_path / 'example.py').write_text(f"_base_ = '{root}/configs{example}")
    for split in ('train', 'val'):
        harbour = tmp_path / 'data/harbour'
        write_set(harbour, annotations=[box(2, 5, 6, 7, 8)], folder=split)
        categories = [dict(id=1, name='boat'), dict(id=2, name='buoy')]
        coco = json.loads((harbour / 'annotations/aitod_train_v1.json').read_text())
        (harbour / f'{split}.json').write_text(json.dumps(coco | dict(categories=categories)))
    monkeypatch.chdir(tmp_path)
    config = load_config('example.py')
    assert DATASETS.build(config.train_dataloader.dataset).get_data_info(0)['instances'][0]['bbox_label'] == 1
    assert len(DATASETS.build(config.test_dataloader.dataset)) == 2
    assert METRICS.build(config.test_evaluator).ann_file == 'data/harbour/val.json'
    assert config.model.roi_head.bbox_head.num_classes == 2
    # a box of 7 x 8 px, in images of 48 px that are resized to 800
    assert config.model.train_cfg.rpn.assigner.constant == pytest.approx((7 * 8) ** 0.5 * 800 / 48, abs=0.5)
