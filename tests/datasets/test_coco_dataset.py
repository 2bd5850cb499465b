"""What every set in COCO's format has in common, on one that is defined here."""

import json
from pathlib import Path

import pytest
from coco_data import entry, write_set
from mmdet.registry import DATASETS
from mmengine.config import Config

from nwd_mmdet.config import load_config
from nwd_mmdet.datasets import CheckedCocoDataset
from nwd_mmdet.datasets.annotation_files import Release, Source
from nwd_mmdet.datasets.input_boxes import InputBoxes
from nwd_mmdet.evaluation import AITODMetric, COCOBoxMetric

CLASSES = ('boat', 'buoy', 'pier')


@DATASETS.register_module()
class HarbourDataset(CheckedCocoDataset):
    """A set of one's own: these lines are all it takes."""

    METAINFO = {'classes': CLASSES, 'palette': [(230, 25, 75), (60, 180, 75), (0, 130, 200)]}
    SOURCE = Source(
        'Harbour is released at harbour.org.', (Release('train', ('harbour_train.json', 'harbour_v2.json'), 2, 1),)
    )


def load(root, name='harbour_train.json', **more):
    return HarbourDataset(data_root=str(root), ann_file=f'annotations/{name}', data_prefix=dict(img='train/'), **more)


def write(root, name='harbour_train.json', **more):
    write_set(root, CLASSES, name, **more)


def test_a_set_of_ones_own_is_found_by_another_of_its_names(tmp_path, log):
    write(tmp_path)
    dataset = load(tmp_path, 'harbour_v2.json')
    assert Path(dataset.ann_file).name == 'harbour_train.json' and dataset.metainfo['palette'][0] == (230, 25, 75)
    assert len(log) == 1 and 'another name' in log[0]
    asked = str(tmp_path / 'annotations/harbour_v2.json')
    metrics = [metric(asked) for metric in (AITODMetric, COCOBoxMetric)]
    assert all(metric.ann_file == asked for metric in metrics)
    settings = dict(type='HarbourDataset', ann_file=asked, data_prefix=dict(img=str(tmp_path / 'nowhere')))
    boxes = InputBoxes.from_config(Config(dict(train_dataloader=dict(dataset=settings))))
    assert boxes.classes == CLASSES and len(boxes.images[0].boxes) == 1


def test_a_set_of_ones_own_gives_its_help(tmp_path):
    for make in (lambda: load(tmp_path), lambda: AITODMetric(str(tmp_path / 'harbour_v2.json'))):
        with pytest.raises(FileNotFoundError, match=r'(?s)harbour_v2\.json.*harbour\.org') as error:
            make()
        assert 'xView' not in str(error.value)


def test_classes_of_a_config_need_no_class_of_a_set(tmp_path, log):
    write(tmp_path, 'any.json')
    (tmp_path / 'config.py').write_text(
        "train_dataloader = dict(dataset=dict(type='CheckedCocoDataset', metainfo=dict(classes='auto'), "
        f"data_root='{tmp_path}', ann_file='annotations/any.json', data_prefix=dict(img='train/')))"
    )
    dataset = DATASETS.build(load_config(tmp_path / 'config.py').train_dataloader.dataset)
    assert dataset.metainfo['classes'] == CLASSES and len(dataset) == 2 and log == []


@pytest.mark.parametrize('folder', ['train', 'train/images', 'images/train'])
def test_image_folder_with_and_without_images(tmp_path, folder):
    write(tmp_path, folder=folder)
    assert Path(load(tmp_path).get_data_info(1)['img_path']) == tmp_path / folder / '2.png'


def test_missing_images(tmp_path, log):
    write(tmp_path, images=3)
    (tmp_path / 'train/2.png').unlink()
    load(tmp_path)
    assert any('images without a file: 1' in line and '2.png' in line for line in log)
    for index in (1, 3):
        (tmp_path / f'train/{index}.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'none of the 3 images(.|\n)*train/images(.|\n)*harbour\.org'):
        load(tmp_path)


def test_labels_follow_the_names_not_the_order_of_the_file(tmp_path):
    backwards = [dict(id=10 * i, name=name) for i, name in enumerate(reversed(CLASSES), 1)]
    write(tmp_path, categories=backwards, annotations=[entry(c['id'], 5, 6, 7, 8) for c in backwards])
    instances = load(tmp_path).get_data_info(0)['instances']
    assert [CLASSES[i['bbox_label']] for i in instances] == list(reversed(CLASSES))


def test_a_selection_of_classes(tmp_path, log):
    write(tmp_path, annotations=[entry(i, 5, 6, 7, 8) for i in (1, 2, 3)] + [entry(2, 5, 6, 0, 0)])
    dataset = load(tmp_path, metainfo=dict(classes=('pier', 'boat')))
    assert [i['bbox_label'] for i in dataset.get_data_info(0)['instances']] == [1, 0]
    assert any("among the classes of the config: 2, first: category 'buoy'" in line for line in log)


def test_a_class_by_another_name_raises(tmp_path):
    write(tmp_path, categories=[dict(id=i, name=name.title()) for i, name in enumerate(CLASSES, 1)])
    with pytest.raises(ValueError, match=r"has not: 3, first: 'boat' \(it has 'Boat'\)"):
        load(tmp_path)


@pytest.mark.parametrize(
    ('key', 'value', 'match'),
    [
        (
            'images',
            [dict(id=1, file_name='1.png', width=48, height=40)] * 2,
            'id another has: 1, first: image 1',
        ),
        (
            'annotations',
            [dict(id=3, **entry(1, 1, 1, 4, 4))] * 2,
            'id another has: 1, first: annotation 3',
        ),
        ('annotations', [entry(1, 1, 1, 4, 4)], 'first: annotation at position 0 .* without id'),
        ('images', [dict(file_name='1.png', width=48, height=40)], 'first: image at position 0.* without id'),
        ('categories', [dict(id=i, name='boat') for i in range(3)], 'categories whose name another has: 2'),
        ('categories', [dict(id=1, name=name) for name in CLASSES], 'categories whose id another has: 2'),
    ],
)
def test_ids_that_repeat_or_lack_raise(tmp_path, key, value, match):
    write(tmp_path)
    path = tmp_path / 'annotations/harbour_train.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ValueError, match=match):
        load(tmp_path)


def test_annotations_without_an_image_are_reported(tmp_path, log):
    images = [dict(id=i, file_name='1.png', width=48, height=40) for i in (1, 2)]
    write(tmp_path, annotations=[entry(1, 1, 1, 4, 4), {**entry(1, 1, 1, 4, 4), 'image_id': 99}])
    path = tmp_path / 'annotations/harbour_train.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {'images': images}))
    assert sum(len(load(tmp_path).get_data_info(i)['instances']) for i in range(2)) == 1
    assert any('an image that the file does not list: 1' in line for line in log)


def test_ignored_and_clipped_and_dropped_boxes(tmp_path, log):
    write(
        tmp_path,
        annotations=[
            entry(1, 10, 10, 5, 5, ignore=1),
            {**entry(2, 10, 20, 5, 5), 'iscrowd': 1},
            entry(3, -3, 35, 10, 20),
            entry(1, 47.5, 5, 10, 10),  # half a pixel of it is inside
            entry(2, 5, 5, 0.5, 10),
            {**entry(3, 5, 5, 4, 4), 'area': 0},  # a wrong area is no reason to lose the box
        ],
    )
    instances = load(tmp_path).get_data_info(0)['instances']
    assert [(i['bbox_label'], i['ignore_flag'], i['bbox']) for i in instances] == [
        (0, 1, [10, 10, 15, 15]),
        (1, 1, [10, 20, 15, 25]),
        (2, 0, [0, 35, 7, 40]),
        (2, 0, [5, 5, 9, 9]),
    ]
    assert any('less than 1 px of width or height is in the image: 2' in line for line in log)


def test_published_sizes_are_checked_for_published_names_only(tmp_path, log):
    write(tmp_path)
    load(tmp_path)
    assert log == []
    for name in ('harbour_train.json', 'my_train.json'):
        write(tmp_path, name, images=3, annotations=[entry(1, 1, 1, 4, 4)] * 2)
    load(tmp_path)
    assert any('3 images, the published split has 2' in line for line in log)
    assert any('2 instances, the published split has 1' in line for line in log)
    log.clear()
    load(tmp_path, 'my_train.json')
    assert log == []
