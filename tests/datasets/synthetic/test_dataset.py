"""The synthetic set: the same everywhere, with AI-TOD's classes and sizes, written and continued."""

import hashlib
import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from nwd_mmdet.datasets.aitod import CLASSES
from nwd_mmdet.datasets.synthetic import draw, draw_set
from nwd_mmdet.datasets.synthetic.dataset import SCENE_CYCLE
from nwd_mmdet.datasets.synthetic.scenes import SCENES


@cache
def drawings():
    return [draw(0, 'train', index) for index in range(100)]


def sizes_and_labels():
    boxes = np.concatenate([drawing.boxes for drawing in drawings()])
    return np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], 1)), np.concatenate([drawing.labels for drawing in drawings()])


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


# A change of any of these needs a new EDITION, because sets that users have drawn no longer match.
@pytest.mark.parametrize(
    ('arguments', 'scene', 'image', 'boxes'),
    [
        ((0, 'train', 0, (256, 256)), 'suburb', '464502630937d5c8', '59c1b044219984ca'),
        ((0, 'train', 7, (256, 256)), 'beach', 'f045e9a031c873b3', '52a238071b0ec014'),
        ((7, 'val', 12, (400, 96)), 'river', '5748b9cf38cd6dd3', '9724dc065e04b5fc'),
    ],
)
def test_the_same_bytes_on_every_machine(arguments, scene, image, boxes):
    drawing = draw(*arguments)
    assert (drawing.scene, sha(drawing.image), sha(drawing.boxes)) == (scene, image, boxes)


def test_seed_split_and_index_each_give_another_image():
    images = [draw(*key, (64, 64)).image.tobytes() for key in ((0, 'train', 0), (1, 'train', 0), (0, 'val', 0))]
    images += [draw(0, 'train', index, (64, 64)).image.tobytes() for index in range(1, 6)]
    assert len(set(images)) == len(images)


@pytest.mark.parametrize('size', [(64, 64), (96, 500), (301, 203)])
def test_boxes_lie_inside_images_of_any_size(size):
    for index in range(len(SCENE_CYCLE)):
        image, boxes, labels, _ = draw(2, 'val', index, size)
        assert image.shape == (size[1], size[0], 3) and image.dtype == np.uint8
        assert len(boxes) == len(labels)
        assert (boxes[:, :2] > 0).all() and (boxes[:, 2:] < size).all()
        assert (boxes[:, 2:] - boxes[:, :2] >= 2).all()


def test_sizes_follow_aitod():
    sizes, _ = sizes_and_labels()
    assert sizes.mean() == pytest.approx(12.8, abs=0.6)
    assert sizes.std() == pytest.approx(5.9, abs=0.6)
    assert np.mean(sizes <= 32) > 0.95 and sizes.max() <= 64


def test_classes_are_those_of_aitod_and_none_is_absent():
    _, labels = sizes_and_labels()
    counts = dict(zip(CLASSES, np.bincount(labels, minlength=8)))
    assert counts['vehicle'] > counts['ship'] > counts['bridge'] > 0
    assert min(counts.values()) >= 10


def test_some_images_are_crowded_and_some_empty():
    counts = [len(drawing.labels) for drawing in drawings()]
    assert max(counts) > 25 and min(counts) == 0
    assert {drawing.scene for drawing in drawings()} == set(SCENES) == set(SCENE_CYCLE)


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [((-1, 'train', 0), 'seed=-1'), ((0, 'train', -2), 'index=-2'), ((0, 'a', 0, (64, 63)), '64x63')],
)
def test_draw_refuses(arguments, match):
    with pytest.raises(ValueError, match=match):
        draw(*arguments)


def written(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_set_on_disk_is_what_was_drawn(tmp_path):
    assert draw_set(tmp_path / 'set', {'train': 3, 'val': 2}, (80, 72), seed=4) == 5
    coco = json.loads((tmp_path / 'set/annotations/val.json').read_text())
    assert [(c['id'], c['name']) for c in coco['categories']] == list(enumerate(CLASSES, 1))
    assert [(i['width'], i['height']) for i in coco['images']] == [(80, 72)] * 2
    for index, image in enumerate(coco['images']):
        drawing = draw(4, 'val', index, (80, 72))
        assert (cv2.imread(str(tmp_path / 'set/val' / image['file_name']))[..., ::-1] == drawing.image).all()
        mine = [a for a in coco['annotations'] if a['image_id'] == image['id']]
        boxes = np.array([a['bbox'] for a in mine]).reshape(-1, 4)
        assert (boxes == np.hstack([drawing.boxes[:, :2], drawing.boxes[:, 2:] - drawing.boxes[:, :2]])).all()
        assert [a['category_id'] - 1 for a in mine] == drawing.labels.tolist()
        assert all(a['area'] == a['bbox'][2] * a['bbox'][3] and a['iscrowd'] == 0 for a in mine)


def test_larger_set_begins_with_the_smaller_and_workers_do_not_matter(tmp_path):
    draw_set(tmp_path / 'small', {'train': 3}, (64, 64))
    draw_set(tmp_path / 'large', {'train': 9}, (64, 64), workers=2)
    small, large = written(tmp_path / 'small' / 'train'), written(tmp_path / 'large' / 'train')
    assert len(large) == 9 and small.items() <= large.items()


def test_complete_set_is_left_alone_and_interrupted_one_continued(tmp_path):
    settings = ({'train': 4, 'val': 1}, (64, 64))
    draw_set(tmp_path, *settings)
    complete = written(tmp_path)
    assert draw_set(tmp_path, *settings) == 0

    # As an interruption leaves it: no annotations yet, two images noted, the note of the third cut short.
    (tmp_path / 'annotations/train.json').unlink()
    noted = []
    for index in range(2):
        drawing = draw(0, 'train', index, (64, 64))
        noted.append([f'{index:06d}.png', drawing.scene, drawing.boxes.tolist(), drawing.labels.tolist()])
    lines = ''.join(json.dumps(line) + '\n' for line in noted) + '["000002.png", "ro'
    (tmp_path / 'annotations/train.json.part').write_text(lines)
    (tmp_path / 'train/000002.png').write_bytes(b'half')
    assert draw_set(tmp_path, *settings) == 2
    assert written(tmp_path) == complete

    (tmp_path / 'train/000001.png').unlink()
    assert draw_set(tmp_path, *settings) == 4
    assert written(tmp_path) == complete


def test_other_settings_are_refused_unless_overwritten(tmp_path):
    draw_set(tmp_path, {'train': 2, 'val': 1}, (64, 64))
    with pytest.raises(FileExistsError, match=r'size \[64, 64\] there and \[72, 64\] asked.*--overwrite'):
        draw_set(tmp_path, {'train': 2, 'val': 1}, (72, 64))
    assert draw_set(tmp_path, {'train': 1}, (72, 64), overwrite=True) == 1
    assert {path.name for path in tmp_path.rglob('*.*')} == {'settings.json', '000000.png', 'train.json'}


@pytest.mark.parametrize('name', ['thesis.txt', 'settings.json'])
def test_folder_with_other_files_is_never_touched(tmp_path, name):
    (tmp_path / name).write_text('{"mine": true}')
    with pytest.raises(FileExistsError, match='not empty'):
        draw_set(tmp_path, {'train': 1}, (64, 64), overwrite=True)
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize(
    'record', ['{"edition": 0, "seed": 0, "size": [64, 64], "counts": {"../victim": 1}}', '{', '[]']
)
def test_nothing_outside_the_folder_is_removed(record: str, tmp_path: Path) -> None:
    victim = tmp_path / 'victim'
    victim.mkdir()
    (victim / 'a.png').write_bytes(b'')
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set/settings.json').write_text(record)
    with pytest.raises(FileExistsError, match='is no record of a drawn set'):
        draw_set(tmp_path / 'set', dict(train=1), (64, 64), overwrite=True)
    assert (victim / 'a.png').exists()
