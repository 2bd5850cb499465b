# Dual weighting with box refinement, on SIRST (one class, targets of 6 px).
_base_ = [
    '../_base_/models/dw_r18-small_fpn.py', '../_base_/datasets/sirst.py', '../_base_/schedules/small.py',
    'mmdet::_base_/default_runtime.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
model = dict(bbox_head=dict(num_classes=1))

train_cfg = dict(max_epochs=12, val_interval=12)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, T_max=12, eta_min=1e-5, convert_to_iter_based=True)
]
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(max_keep_ckpts=2))
randomness = dict(seed=0)
