# Twice the epochs of small.py.
_base_ = './small.py'
train_cfg = dict(max_epochs=12, val_interval=12)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, T_max=12, eta_min=1e-5, convert_to_iter_based=True)
]
