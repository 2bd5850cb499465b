"""The test images of a config, and the order and names of their pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from nwd_mmdet.analysis.detection_outcomes import Outcome
from nwd_mmdet.analysis.detection_pictures import (
    AnnotatedImage,
    AnnotatedImages,
    by_title,
    draw_detections,
    most_missed_first,
    run_detectors,
)


def outcome(missed: int) -> Outcome:
    none = torch.zeros(0, 4)
    return Outcome(none, none, torch.tensor([[2.0, 2, 6, 6]]).repeat(missed, 1), none[:, 0])


def images(*paths: Path) -> list[AnnotatedImage]:
    return [AnnotatedImage(index, f'id {index}', path, f'a/{path.name}') for index, path in enumerate(paths)]


def test_titles_are_the_names_of_the_files() -> None:
    different = [Path('x/iou.bbox.json'), Path('x/nwd.json')]
    assert by_title(different) == dict(zip(['iou', 'nwd'], different))
    same = [Path('x/dt.bbox.json'), Path('y/dt.bbox.json')]
    assert by_title(same) == dict(zip(['1_dt', '2_dt'], same))


def test_most_missed_objects_first_over_all_detectors() -> None:
    some = images(*map(Path, ('0.jpg', '1.jpg', '2.jpg')))
    first = {image.img_id: outcome(count) for image, count in zip(some, (1, 0, 1))}
    second = {image.img_id: outcome(count) for image, count in zip(some, (0, 3, 0))}
    order = most_missed_first(some, {'first': first, 'second': second})
    assert [image.index for image in order] == [1, 0, 2], 'of equals the first'


def test_pictures_stand_in_the_folders_of_the_images(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'x.jpg'), np.full((90, 90, 3), 90, np.uint8))
    some = images(tmp_path / 'x.jpg', tmp_path / 'nowhere.jpg')
    found = {'first': {image.img_id: outcome(1) for image in some}}
    draw_detections(some[:1], found, tmp_path / 'out')
    assert cv2.imread(str(tmp_path / 'out/a/x.png')).shape == (900 + 72, 900, 3)
    with pytest.raises(FileNotFoundError, match='no image .*nowhere.jpg'):
        draw_detections(some, found, tmp_path / 'out')


def test_pictures_of_like_names_do_not_meet(tmp_path: Path) -> None:
    for name in ('x.jpg', 'x.png'):
        cv2.imwrite(str(tmp_path / name), np.full((90, 90, 3), 90, np.uint8))
    some = images(tmp_path / 'x.jpg', tmp_path / 'x.png')
    draw_detections(some, {'first': {image.img_id: outcome(1) for image in some}}, tmp_path / 'out')
    assert sorted(path.name for path in (tmp_path / 'out/a').iterdir()) == ['x.jpg.png', 'x.png.png']


def test_images_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / 'a').mkdir()
    source = tmp_path / 'a/x.png'
    cv2.imwrite(str(source), np.full((90, 90, 3), 90, np.uint8))
    before, found = source.read_bytes(), {'first': {'id 0': outcome(1)}}
    with pytest.raises(ValueError, match='would replace the image: give --out another folder'):
        draw_detections(images(source), found, tmp_path)
    outside = AnnotatedImage(0, 'id 0', source, '../../a/x.png')
    with pytest.raises(ValueError, match='would lie outside'):
        draw_detections([outside], found, tmp_path / 'out/b')
    assert source.read_bytes() == before and not (tmp_path / 'out').exists()


def test_other_data_sets_and_metrics_are_refused() -> None:
    dataset = dict(type='ConcatDataset', datasets=[])
    cfg = Config(dict(default_scope='mmdet', test_dataloader=dict(dataset=dataset), test_evaluator=[]))
    cfg.test_dataloader.dataset = dict(type='VOCDataset', ann_file='', lazy_init=True, data_root='VOC2007/')
    with pytest.raises(ValueError, match='is a VOCDataset; it must be of COCO format'):
        AnnotatedImages.of(cfg)
    with pytest.raises(ValueError, match='test_evaluator must be one of'):
        run_detectors(cfg, ['a.pth'], [], Path(), None)
