# Dual weighting with box refinement on VisDrone, as published but for the number of detections. 4 GPUs x 2 images = 8,
# lr .005. The smallest stride of 8 leaves objects without a point.
_base_ = [
    '../_base_/models/dw_r50_fpn.py',
    '../_base_/datasets/visdrone.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    'mmdet::_base_/default_runtime.py',
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
model = dict(bbox_head=dict(num_classes=10), test_cfg=dict(nms_pre=3000, max_per_img=1500))
# The clipping is not the paper's; it only meets gradients that would end in NaN.
optim_wrapper = dict(
    optimizer=dict(lr=0.005), paramwise_cfg=dict(norm_decay_mult=0.0), clip_grad=dict(max_norm=35, norm_type=2)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=12, milestones=[8, 11], gamma=0.1),
]
auto_scale_lr = dict(enable=False, base_batch_size=8)
