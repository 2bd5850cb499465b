# ResNeXt-101-64x4d in place of ResNet-50.
_base_ = './dw_r50_fpn_ms-2x_coco.py'
model = dict(
    backbone=dict(
        type='ResNeXt',
        depth=101,
        groups=64,
        base_width=4,
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://resnext101_64x4d'),
    )
)
