"""Noise on annotations: the bounds of the paper, its mean IoUs, and the same noise in every epoch."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from nwd_mmdet.datasets.transforms import NoisyBoxes, add_noise, mean_overlap_with_noise
from nwd_mmdet.overlaps import aligned


def mean_iou(clean: np.ndarray, shapes: list[tuple[int, int]], rate: float) -> float:
    """Mean IoU of boxes with their noisy versions, over 40 draws."""
    rng, total = np.random.default_rng(0), []
    for _ in range(40):
        noisy = np.concatenate([add_noise(box[None], shape, rate, rng) for box, shape in zip(clean, shapes)])
        total.append(aligned('iou', torch.from_numpy(clean), torch.from_numpy(noisy)).mean().item())
    return float(np.mean(total))


@pytest.mark.parametrize(('rate', 'published'), [(0.1, 0.833), (0.2, 0.710), (0.3, 0.613)])
def test_mean_iou_of_the_paper(rate: float, published: float, shared: Path) -> None:
    """Published for all of VOC; here the objects of 24 of its images."""
    boxes, shapes = [], []
    for path in sorted((shared / 'real' / 'voc_sample').glob('**/Annotations/*.xml')):
        tree = ElementTree.parse(path)
        shape = tuple(int(tree.findtext(f'size/{side}')) for side in ('height', 'width'))
        for box in tree.iterfind('object/bndbox'):
            boxes.append([float(box.findtext(side)) for side in ('xmin', 'ymin', 'xmax', 'ymax')])
            shapes.append(shape)
    assert len(boxes) > 40
    assert mean_iou(np.array(boxes), shapes, rate) == pytest.approx(published, abs=0.015)


def test_noise_of_a_box_far_from_the_border() -> None:
    """Centre and sides are uniform within the rate, so their means stay and their spread is rate / sqrt(3)."""
    box = np.tile([[400.0, 400, 440, 480]], (20000, 1))
    noisy = add_noise(box, (1000, 1000), 0.3, np.random.default_rng(0))
    centre, size = (noisy[:, :2] + noisy[:, 2:]) / 2, noisy[:, 2:] - noisy[:, :2]
    for values, middle in ((centre, [420, 440]), (size, [40, 80])):
        relative = (values - middle) / [40, 80]
        assert np.abs(relative).max() <= 0.3 and np.abs(relative.mean(0)).max() < 0.01
        assert np.abs(relative.std(0) - 0.3 / np.sqrt(3)).max() < 0.005
    assert np.abs(np.corrcoef(np.concatenate([centre, size], 1).T) - np.eye(4)).max() < 0.03, 'independent'


@given(
    st.lists(st.tuples(*[st.floats(0, 90)] * 2, *[st.floats(0, 100)] * 2), min_size=0, max_size=8), st.floats(0, 0.99)
)
@settings(deadline=None, max_examples=60)
def test_noisy_boxes_stay_in_the_image(rows: list, rate: float) -> None:
    boxes = np.array(rows, float).reshape(-1, 4)
    boxes[:, 2:] = np.minimum(boxes[:, :2] + boxes[:, 2:], [100, 80])
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])
    noisy = add_noise(boxes, (80, 100), rate, np.random.default_rng(0))
    assert noisy.shape == boxes.shape and (noisy[:, 2:] - noisy[:, :2] >= 1 - 1e-9).all()
    assert (noisy >= -1e-9).all() and (noisy <= np.array([100, 80, 100, 80]) + 1e-9).all()


def sample(name: str = 'a/b/image.png') -> dict:
    boxes = torch.tensor([[10.0, 10, 30, 40], [50, 50, 60, 60], [5, 5, 25, 25]])
    return dict(
        img_path=name,
        img_shape=(100, 120),
        gt_bboxes=HorizontalBoxes(boxes),
        gt_ignore_flags=np.array([False, False, True]),
    )


def test_every_epoch_sees_the_same_noise() -> None:
    transform = TRANSFORMS.build(dict(type='NoisyBoxes', rate=0.3))
    first, again = transform(sample()), TRANSFORMS.build(dict(type='NoisyBoxes', rate=0.3))(sample('c/image.png'))
    assert isinstance(first['gt_bboxes'], HorizontalBoxes)
    assert torch.equal(first['gt_bboxes'].tensor, again['gt_bboxes'].tensor), 'the folder does not matter'
    moved = first['gt_bboxes'].tensor != sample()['gt_bboxes'].tensor
    assert moved[:2].all() and not moved[2].any(), 'regions to ignore stay'
    for other in (NoisyBoxes(0.3, seed=1)(sample()), NoisyBoxes(0.3)(sample('other.png'))):
        assert not torch.equal(other['gt_bboxes'].tensor, first['gt_bboxes'].tensor)
    assert torch.equal(NoisyBoxes(0)(sample())['gt_bboxes'].tensor, sample()['gt_bboxes'].tensor)


def test_a_rate_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match='rate=1 must be in'):
        NoisyBoxes(1)


def test_mean_overlap_is_that_of_the_noise_that_training_sees() -> None:
    """Of one image; its crowd is a region to ignore."""
    boxes = sample()['gt_bboxes'].tensor.tolist()
    coco = {
        'images': [{'id': 3, 'file_name': 'b/image.png', 'width': 120, 'height': 100}],
        'annotations': [
            {'image_id': 3, 'bbox': [x1, y1, x2 - x1, y2 - y1], 'iscrowd': int(index == 2)}
            for index, (x1, y1, x2, y2) in enumerate(boxes)
        ],
    }
    trained = sample()
    trained['gt_bboxes'], trained['gt_ignore_flags'] = trained['gt_bboxes'][:2], trained['gt_ignore_flags'][:2]
    noisy = NoisyBoxes(0.3)(trained)['gt_bboxes'].tensor
    expected = aligned('iou', torch.tensor(boxes[:2]), noisy).mean().item()
    assert mean_overlap_with_noise(coco, 0.3) == pytest.approx(expected, rel=1e-5)
