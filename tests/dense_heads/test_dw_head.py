"""The dual weighting heads: the released code's numbers, and what it takes to train on anything."""

import numpy as np
import torch
from dw_heads import build, features, losses, objects
from mmdet.registry import MODELS
from mmengine.structures import InstanceData


def test_the_released_losses_and_gradients(shared) -> None:
    golden = np.load(shared / 'golden' / 'dw_loss.npz')
    head = MODELS.build(
        dict(type='DWHead', num_classes=int(golden['num_classes']), in_channels=32, strides=golden['strides'].tolist())
    )
    inputs = {
        name: [torch.from_numpy(golden[f'{name}_{level}']).requires_grad_() for level in range(5)]
        for name in ('cls_score', 'bbox_pred', 'centerness')
    }
    instances = [
        InstanceData(**{k: torch.from_numpy(golden[f'gt_{k}_{i}']) for k in ('bboxes', 'labels')}) for i in range(2)
    ]
    result = head.loss_by_feat(*inputs.values(), instances, [{}, {}])
    assert result.keys() == {'loss_cls_pos', 'loss_loc', 'loss_cls_neg'}
    for name, value in result.items():
        torch.testing.assert_close(value, torch.tensor(golden[f'out_{name}']), rtol=1e-5, atol=0)
    sum(result.values()).backward()
    for name, levels in inputs.items():
        for level, tensor in enumerate(levels):
            expected = torch.from_numpy(golden[f'grad_{name}_{level}'])
            torch.testing.assert_close(tensor.grad, expected, rtol=1e-4, atol=1e-6 * expected.abs().max().item())


def test_compiled() -> None:
    head = build('refined')
    expected = losses(head, objects(3, 12))
    compiled = torch.compile(head.loss_by_feat, backend='eager')
    result = compiled(*head(features()), objects(3, 12), [{}, {}])
    for key, value in expected.items():
        torch.testing.assert_close(result[key], value)


def test_score_is_the_product_and_boxes_are_decoded() -> None:
    head = build('plain')
    class_logits = [torch.full((1, 4, 128 // s, 160 // s), -9.0) for s in (8, 16, 32)]
    centerness = [torch.full_like(level[:, :1], 1.0) for level in class_logits]
    distances = [torch.full_like(level, 5.0) for level in class_logits]
    class_logits[0][0, 2, 3, 4] = 2.0
    meta = dict(img_shape=(128, 160), ori_shape=(128, 160), scale_factor=(1.0, 1.0))
    (result,) = head.predict_by_feat(class_logits, distances, centerness, batch_img_metas=[meta])
    expected = torch.tensor(2.0).sigmoid() * torch.tensor(1.0).sigmoid()
    torch.testing.assert_close(result.scores[0], expected)
    assert result.labels[0] == 2 and result.bboxes[0].tolist() == [36 - 5, 28 - 5, 36 + 5, 28 + 5]


def test_boxes_start_at_four_strides() -> None:
    head = build('plain')
    _, distances, _ = head([torch.zeros(1, 32, 4, 4)] * 3)
    assert [round(level.mean().item()) for level in distances] == [32, 64, 128]


def test_training_overfits_one_image() -> None:
    """Some steps on one image: the best box of every object comes near it, and its score rises."""
    head = build('plain')
    (instances,) = objects(3)
    inputs = features(1)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.003)
    history = []
    for _ in range(60):
        total = sum(head.loss_by_feat(*head(inputs), [instances], [{}]).values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(total.item())
    assert history[-1] < 0.5 * history[0]


def test_weights_have_the_names_of_the_released_checkpoints() -> None:
    names = {name.split('.')[0] for name in build('refined').state_dict()}
    assert names == {'cls_convs', 'reg_convs', 'conv_cls', 'conv_reg', 'conv_centerness', 'scales', 'reg_offset'}
