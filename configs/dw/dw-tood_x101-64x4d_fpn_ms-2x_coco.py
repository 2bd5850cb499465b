# Dual weighting on TOOD's task-aligned head, the paper's DW*.
_base_ = './dw_x101-64x4d_fpn_ms-2x_coco.py'
model = dict(
    type='TOOD',
    bbox_head=dict(
        _delete_=True,
        type='DWTOODHead',
        num_classes=80,
        in_channels=256,
        stacked_convs=6,
        feat_channels=256,
        anchor_generator=dict(
            type='AnchorGenerator', ratios=[1.0], octave_base_scale=8, scales_per_octave=1, strides=[8, 16, 32, 64, 128]
        ),
        bbox_coder=dict(type='DeltaXYWHBBoxCoder', target_means=[0.0, 0.0, 0.0, 0.0], target_stds=[0.1, 0.1, 0.2, 0.2]),
        loss_bbox=dict(type='GIoULoss', loss_weight=1.0),
    ),
)
