"""Dual weighting on TOOD's head; its losses are tested with those of the other heads in test_dual_weighting.py."""

import torch
from dw_heads import build, features, losses, objects


def test_towers_and_scores_are_those_of_tood() -> None:
    head = build('tood')
    scores, boxes = head(features())
    assert all((0 <= level).all() and (level <= 1).all() for level in scores)  # scores, not logits
    meta = dict(img_shape=(128, 160), ori_shape=(128, 160), scale_factor=(1.0, 1.0))
    found = head.predict_by_feat(scores, boxes, batch_img_metas=[meta, meta])
    assert len(found) == 2 and found[0].bboxes.shape == (20, 4)


def test_points_are_the_corners_of_cells() -> None:
    """TOOD's points are the centres of mmdet's anchors: an object around (8, 8) alone holds a point of stride 8."""
    head = build('tood')
    (instances,) = objects(1)
    instances.bboxes = torch.tensor([[5.0, 5.0, 11.0, 11.0]])
    assert losses(head, [instances])['loss_loc'] > 0
    instances.bboxes = torch.tensor([[9.0, 9.0, 15.0, 15.0]])
    assert losses(head, [instances])['loss_loc'] == 0
