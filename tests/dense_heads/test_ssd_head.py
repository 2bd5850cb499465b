"""mmdet's SSD head cannot predict from 3.3 on; ours can."""

import torch
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict


def test_predicts() -> None:
    register_all_modules()
    head = MODELS.build(
        dict(
            type='PredictingSSDHead',
            in_channels=[8],
            num_classes=3,
            anchor_generator=dict(
                type='SSDAnchorGenerator', strides=[16], ratios=[[2]], min_sizes=[12], max_sizes=[24], input_size=64
            ),
            test_cfg=ConfigDict(
                nms_pre=50, score_thr=0.0, min_bbox_size=0, nms=dict(type='nms', iou_threshold=0.45), max_per_img=7
            ),
        )
    )
    outputs = head([torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(0))])
    meta = dict(img_shape=(64, 64), ori_shape=(64, 64), scale_factor=(1.0, 1.0))
    (found,) = head.predict_by_feat(*outputs, batch_img_metas=[meta])
    assert len(found) == 7 and set(found.labels.tolist()) <= {0, 1, 2}
