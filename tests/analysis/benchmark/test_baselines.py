import pytest
import torch
from boxes import draw_boxes
from coco_data import arrays, draw_data

from nwd_mmdet.analysis.benchmark.baselines import (
    dense_dual_weighting_loss,
    published_nwd,
    pycocotools_evaluation,
)
from nwd_mmdet.evaluation import evaluate
from nwd_mmdet.overlaps import aligned, pairwise


def test_published_nwd() -> None:
    boxes = draw_boxes(40)
    others = boxes + torch.randn(40, 4)
    assert torch.allclose(published_nwd(boxes, others, 12.8), aligned('nwd', boxes, others, constant=12.8), atol=1e-4)
    every = published_nwd(boxes[:, None], others[None, :7], 8.0)
    assert torch.allclose(every, pairwise('nwd', boxes, others[:7], constant=8.0), atol=2e-4)


def test_dense_loss_of_points_outside_all_objects() -> None:
    """No candidate: nothing but the negative loss, with weight 1 everywhere."""
    logits = torch.zeros(3, 2)
    points = torch.tensor([[50.0, 50, 8], [60, 50, 8], [70, 50, 8]])
    gts, labels = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([0])
    loss = dense_dual_weighting_loss(logits, logits[:, :1], gts.expand(3, 4), points, gts, labels)
    assert loss.item() == pytest.approx(6 * 0.25**2 * -torch.tensor(0.75).log().item())


def test_pycocotools_follows_the_protocol() -> None:
    dataset, results = draw_data(seed=0)
    assert pycocotools_evaluation(dataset, results) == pytest.approx(
        evaluate(*arrays(dataset, results), 'aitod').metrics['AP'], abs=1e-6
    )
