# Multi-scale training for 24 epochs, as the dense detectors compared on COCO test-dev have it: the shorter side from
# 480 to 960 px.
_base_ = './dw_r50_fpn_1x_coco.py'
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='RandomResize', scale=[(1333, 480), (1333, 960)], keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ]))
train_cfg = dict(max_epochs=24)
param_scheduler = {{_base_.steps.epochs_24_warmup_1000}}
