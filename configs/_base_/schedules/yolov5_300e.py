# YOLOv5's hyp.scratch.yaml at 64 images a step: 0.01 falls along a cosine to a fifth in 300 epochs, after 3 epochs of
# warm-up; no decay of biases and norms; averaged weights are tested. Unlike YOLOv5, biases warm up with the rest.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=True, begin=0, end=3, convert_to_iter_based=True),
    dict(
        type='LinearMomentum',
        start_factor=0.8 / 0.937,
        by_epoch=True,
        begin=0,
        end=3,
        convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        T_max=300 - 3,
        eta_min=0.2 * 0.01,
        by_epoch=True,
        begin=3,
        end=300,
        convert_to_iter_based=True),
]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.937, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
custom_hooks = [
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0001, update_buffers=True, priority=49),
]
auto_scale_lr = dict(enable=False, base_batch_size=64)
