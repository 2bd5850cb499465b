"""The heads with dual weighting, small, and what they are trained on."""

import torch
from boxes import draw_boxes
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

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
