# From scratch in 6 epochs: AdamW with a short warm-up, then a cosine to nearly 0.
_base_ = 'mmdet::_base_/default_runtime.py'
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=6, val_interval=6)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, T_max=6, eta_min=1e-5, convert_to_iter_based=True)
]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.01),
    clip_grad=dict(max_norm=10, norm_type=2))
auto_scale_lr = dict(enable=False, base_batch_size=4)
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(max_keep_ckpts=2))
randomness = dict(seed=0)
