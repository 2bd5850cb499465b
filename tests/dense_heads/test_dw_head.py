"""The dual weighting heads: the released code's numbers, and what it takes to train on anything."""

import numpy as np
import pytest
import torch
from boxes import draw_boxes
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]
HEADS = {
    'plain': dict(type='DWHead', reg_refine=False),
    'refined': dict(type='DWHead', reg_refine=True),
    'paper': dict(type='DWHead', assigner=dict(type='DWAssigner', preset='paper')),
    'nwd': dict(
        type='DWHead',
        assigner=dict(type='DWAssigner', overlap='nwd', overlap_params=dict(constant=8.0), nearest_point=True),
        loss_bbox=dict(type='NWDLoss', constant=8.0),
    ),
    'tood': dict(
        type='DWTOODHead',
        stacked_convs=2,
        anchor_generator=dict(
            type='AnchorGenerator', ratios=[1.0], octave_base_scale=8, scales_per_octave=1, strides=[8, 16, 32]
        ),
        loss_bbox=dict(type='GIoULoss', loss_weight=1.0),
    ),
}


def build(name: str, **changes: object) -> torch.nn.Module:
    torch.manual_seed(0)
    config = dict(num_classes=4, in_channels=32, feat_channels=32, stacked_convs=1, strides=[8, 16, 32])
    config.update(HEADS[name])
    if name == 'tood':
        del config['strides']
    test_cfg = ConfigDict(nms_pre=100, score_thr=0.0, nms=dict(type='nms', iou_threshold=0.6), max_per_img=20)
    head = MODELS.build({**config, **changes, 'test_cfg': test_cfg})
    head.init_weights()
    return head


def features(batch: int = 2, device: str = 'cpu') -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(batch, 32, 128 // s, 160 // s, generator=generator).to(device) for s in (8, 16, 32)]


def objects(*counts: int, device: str = 'cpu') -> list[InstanceData]:
    return [
        InstanceData(bboxes=draw_boxes(n, seed=n, size=128).to(device) * 2, labels=torch.arange(n, device=device) % 4)
        for n in counts
    ]


def losses(head: torch.nn.Module, instances: list[InstanceData], ignored: list | None = None) -> dict:
    device = next(head.parameters()).device.type
    return head.loss_by_feat(*head(features(len(instances), device)), instances, [{}] * len(instances), ignored)


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


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('name', HEADS)
@pytest.mark.parametrize('counts', [(5, 40), (0, 7), (0, 0)], ids=str)
def test_loss_is_finite_and_reaches_every_parameter(name: str, counts: tuple[int, int], device: str) -> None:
    head = build(name).to(device)
    result = losses(head, objects(*counts, device=device))
    sum(result.values()).backward()
    assert all(value.isfinite() for value in result.values())
    assert result['loss_cls_neg'] > 0 and (result['loss_loc'] > 0) == (sum(counts) > 0)
    for parameter_name, parameter in head.named_parameters():
        assert parameter.grad is not None, f'{parameter_name}: several processes would wait for it'
        assert parameter.grad.isfinite().all(), parameter_name


@pytest.mark.parametrize('name', ['plain', 'tood'])
def test_ignored_regions_are_no_negatives(name: str) -> None:
    head = build(name)
    instances = objects(6, 6)
    everything = torch.tensor([[0.0, 0, 160, 128]])
    nothing = [InstanceData(bboxes=everything[:0])] * 2
    plain, same, less = (
        losses(head, instances, ignored)
        for ignored in (None, nothing, [InstanceData(bboxes=everything), InstanceData(bboxes=everything[:0])])
    )
    assert same == plain
    assert less['loss_cls_neg'] < 0.8 * plain['loss_cls_neg'], 'the first image counts half'
    assert less['loss_cls_pos'] == plain['loss_cls_pos'] and less['loss_loc'] == plain['loss_loc']


def test_normalisers_are_means_over_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    head = build('plain')
    # as large as the boxes of stride 8 are at the start, so that there are good candidates
    instances = [InstanceData(bboxes=torch.tensor([[30.0, 30, 94, 94]]), labels=torch.tensor([0]))] * 2
    alone = losses(head, instances)
    # other processes with so many objects and candidates that the means are a hundred times as large
    monkeypatch.setattr('nwd_mmdet.dense_heads.dual_weighting.reduce_mean', lambda value: value * 100)
    for key, value in losses(head, instances).items():
        torch.testing.assert_close(value, alone[key] / 100)


@pytest.mark.parametrize('name', ['refined', 'paper', 'tood'])
def test_mixed_precision(name: str) -> None:
    head = build(name)
    expected = losses(head, objects(5, 9))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        result = losses(head, objects(5, 9))
        sum(result.values()).backward()
    for key, value in expected.items():
        assert result[key].dtype == torch.float32
        torch.testing.assert_close(result[key], value, rtol=0.1, atol=0.02)


def test_saturated_scores_have_finite_losses_and_gradients() -> None:
    head = build('plain')
    instances = objects(8, 8)
    for logit in (-200.0, -30.0, 30.0, 200.0):
        scores = [torch.full((2, 4, 128 // s, 160 // s), logit, requires_grad=True) for s in (8, 16, 32)]
        centerness = [torch.full((2, 1, 128 // s, 160 // s), logit, requires_grad=True) for s in (8, 16, 32)]
        boxes = [torch.full((2, 4, 128 // s, 160 // s), 6.0, requires_grad=True) for s in (8, 16, 32)]
        total = sum(head.loss_by_feat(scores, boxes, centerness, instances, [{}, {}]).values())
        total.backward()
        assert total.isfinite() and all(t.grad.isfinite().all() for t in (*scores, *centerness, *boxes))


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


def test_gradient_of_the_focal_part_is_that_of_autograd() -> None:
    from nwd_mmdet.dense_heads.dual_weighting import _focal

    log_s = -torch.rand(200, dtype=torch.float64).mul(20).exp().mul(1e-6).clamp(1e-7, 30).requires_grad_()
    plain = -torch.exp(2 * log_s) * torch.log(-torch.expm1(log_s))
    torch.testing.assert_close(_focal(log_s), plain)
    (expected,) = torch.autograd.grad(plain.sum(), log_s)
    (found,) = torch.autograd.grad(_focal(log_s).sum(), log_s)
    torch.testing.assert_close(found, expected)
