# 24 epochs, and the longer warm-up that the released ATSS and DetectoRS have. To be merged:
#     _base_ = ['./….py', '../_base_/schedules/longer.py']
#     train_cfg = {{_base_.epochs_24}}
#     param_scheduler = {{_base_.steps_24}}
epochs_24 = dict(max_epochs=24)
steps_24 = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=24, milestones=[16, 22], gamma=0.1)
]
warmup_2000 = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=2000),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=12, milestones=[8, 11], gamma=0.1)
]
