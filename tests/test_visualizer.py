"""A tiny object stays visible in its picture."""

import cv2
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from nwd_mmdet.visualizer import TinyObjectVisualizer

BOXES = torch.tensor([[20.0, 20, 30, 28], [0, 50, 4, 54]])  # the second lies at the edge of the image
META = dict(classes=('ship', 'person'), palette=[(255, 0, 0), (0, 255, 0)])


@pytest.fixture
def visualizer() -> TinyObjectVisualizer:
    visualizer = TinyObjectVisualizer()
    visualizer.dataset_meta = META
    return visualizer


def picture(visualizer: TinyObjectVisualizer, side: int, boxes: torch.Tensor, **parts: InstanceData) -> np.ndarray:
    """The picture of a grey image of side × side px."""
    sample = DetDataSample(gt_instances=InstanceData(bboxes=boxes, labels=torch.arange(len(boxes))), **parts)
    visualizer.add_datasample('picture', np.full((side, side, 3), 90, np.uint8), sample)
    return visualizer.get_image()


@pytest.mark.parametrize(('side', 'factor'), [(64, 16), (256, 4), (800, 1), (3000, 1)])
def test_outlines_surround_the_objects(visualizer: TinyObjectVisualizer, side: int, factor: int) -> None:
    image = picture(visualizer, side, BOXES)
    assert image.shape == (side * factor + 24, side * factor, 3)
    for (x1, y1, x2, y2), color in zip((BOXES * factor).int().tolist(), META['palette']):
        assert (image[y1:y2, x1:x2] == 90).all(), 'the object is painted over'
        assert (image[y1:y2, x2 : x2 + 4] == color).all(-1).any(-1).all(), 'no outline to the right'
        assert (image[y2 : y2 + 4, x1:x2] == color).all(-1).any(0).all(), 'no outline below'
    red, green, blue = image[-24:].transpose(2, 0, 1).astype(int)
    assert ((red > 100) & (green + blue < 20)).any(), 'no name in the colour of the class'


def test_truth_and_detections_side_by_side(visualizer: TinyObjectVisualizer) -> None:
    found = InstanceData(bboxes=BOXES[:1], labels=torch.tensor([0]), scores=torch.tensor([0.9]))
    image = picture(visualizer, 256, BOXES, pred_instances=found)
    assert image.shape == (1048, 2048, 3)
    green = (image == META['palette'][1]).all(-1)
    assert green[:, :1024].any() and not green[:, 1024:].any()


def test_detections_on_images_without_annotations(visualizer: TinyObjectVisualizer) -> None:
    found = InstanceData(bboxes=BOXES, labels=torch.tensor([0, 1]), scores=torch.tensor([0.9, 0.1]))
    sample = DetDataSample(gt_instances=InstanceData(), pred_instances=found)  # as PackDetInputs leaves it
    visualizer.add_datasample('picture', np.full((256, 256, 3), 90, np.uint8), sample, pred_score_thr=0.3)
    image = visualizer.get_image()
    assert image.shape == (1048, 1024, 3)
    assert (image == META['palette'][0]).all(-1).any() and not (image == META['palette'][1]).all(-1).any()


def test_nothing_to_draw(visualizer: TinyObjectVisualizer) -> None:
    assert (picture(visualizer, 256, BOXES[:0])[:-24] == 90).all()


def test_written_as_it_is_seen(visualizer: TinyObjectVisualizer, tmp_path) -> None:
    sample = DetDataSample(gt_instances=InstanceData(bboxes=BOXES[:1], labels=torch.tensor([0])))
    visualizer.add_datasample('picture', np.zeros((64, 64, 3), np.uint8), sample, out_file=str(tmp_path / 'a.png'))
    assert (cv2.imread(str(tmp_path / 'a.png'))[..., ::-1] == (255, 0, 0)).all(-1).any()  # red stays red
