import pytest
import torch
from boxes import draw_boxes
from mmdet.registry import MODELS

from nwd_mmdet.losses import NWDLoss


def head(kind: str, constant: float | list[float], **kwargs: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type=kind,
            in_channels=4,
            fc_out_channels=8,
            roi_feat_size=2,
            num_classes=3,
            reg_decoded_bbox=True,
            loss_bbox=dict(type='NWDLoss', constant=constant),
            **kwargs,
        )
    )


def inputs(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """20 proposals with objects of the three classes and background, class 3."""
    boxes = draw_boxes(20, seed=1)
    cls_score, bbox_pred = model(torch.randn(20, 4, 2, 2, generator=torch.Generator().manual_seed(2)))
    return dict(
        cls_score=cls_score,
        bbox_pred=bbox_pred,
        rois=torch.cat([torch.zeros(20, 1), boxes], 1),
        labels=torch.arange(20) % 4,
        label_weights=torch.ones(20),
        bbox_targets=boxes + 2,
        bbox_weights=torch.ones(20, 4),
    )


@pytest.mark.parametrize('agnostic', [False, True])
def test_equal_constants_give_the_loss_of_mmdet(agnostic: bool) -> None:
    plain = head('Shared2FCBBoxHead', 10.0, reg_class_agnostic=agnostic)
    classwise = head('ClasswiseBBoxHead', [10.0] * 3, reg_class_agnostic=agnostic)
    expected, losses = plain.loss(**inputs(plain)), classwise.loss(**inputs(classwise))
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)


def test_each_class_is_measured_with_its_own_constant() -> None:
    constants = [5.0, 12.8, 40.0]
    model = head('ClasswiseBBoxHead', constants)
    data = inputs(model)
    total = model.loss(**data)['loss_bbox']
    parts = []
    for label, constant in enumerate(constants):
        plain = head('Shared2FCBBoxHead', constant)
        parts.append(plain.loss(**{**data, 'labels': torch.where(data['labels'] == label, label, 3)})['loss_bbox'])
    torch.testing.assert_close(total, sum(parts))


def test_proposals_without_objects() -> None:
    model = head('ClasswiseBBoxHead', [10.0] * 3)
    data = inputs(model)
    loss = model.loss(**{**data, 'labels': torch.full((20,), 3)})['loss_bbox']
    loss.backward()
    assert loss == 0


def test_errors_name_the_remedy() -> None:
    boxes = draw_boxes(4)
    with pytest.raises(ValueError, match="type='ClasswiseBBoxHead'"):
        NWDLoss(constant=[5.0, 12.8])(boxes, boxes)
    with pytest.raises(ValueError, match='there is an object of class 2'):
        NWDLoss(constant=[5.0, 12.8])(boxes, boxes, labels=torch.tensor([0, 1, 2, 0]))
    with pytest.raises(ValueError, match="mode='sqrt' does not use C"):
        NWDLoss(constant=[5.0, 12.8], mode='sqrt')
    with pytest.raises(ValueError, match='reg_decoded_bbox=True'):
        MODELS.build(dict(type='ClasswiseBBoxHead', in_channels=4, fc_out_channels=8, roi_feat_size=2, num_classes=3))
