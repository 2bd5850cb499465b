# Dual weighting with box refinement on COCO. 8 GPUs x 2 images = 16, lr .01.
_base_ = [
    '../_base_/models/dw_r50_fpn.py', 'mmdet::_base_/datasets/coco_detection.py',
    'mmdet::_base_/schedules/schedule_1x.py', 'mmdet::_base_/default_runtime.py', '../_base_/schedules/steps.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
optim_wrapper = dict(optimizer=dict(lr=0.01), paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = {{_base_.steps.epochs_12_warmup_1000}}
