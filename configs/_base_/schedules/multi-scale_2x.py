# Multi-scale training for 24 epochs, as the dense detectors compared on COCO test-dev do: the shorter side from 480 to
# 960 px. To be merged:
#     _base_ = ['./dw_….py', '../_base_/schedules/multi-scale_2x.py']
#     train_dataloader = {{_base_.multi_scale_dataloader}}
#     train_cfg = {{_base_.epochs_2x}}
#     param_scheduler = {{_base_.steps_2x}}
multi_scale_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='RandomResize', scale=[(1333, 480), (1333, 960)], keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ]
    )
)
epochs_2x = dict(max_epochs=24)
steps_2x = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=24, milestones=[16, 22], gamma=0.1),
]
