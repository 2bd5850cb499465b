# Steps of the learning rate at two thirds and eleven twelfths of the training, as mmdet's 1x and 2x have them; what
# differs is the warm-up. To be merged, with train_cfg = dict(max_epochs=24) where there are 24:
#     _base_ = ['./….py', '../_base_/schedules/steps.py']
#     param_scheduler = {{_base_.steps.epochs_24}}
steps = dict(
    _fragment_=True,
    **{
        name: [
            dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=warmup),
            dict(type='MultiStepLR', by_epoch=True, begin=0, end=epochs, milestones=milestones, gamma=0.1)
        ]
        for name, epochs, milestones, warmup in (
            ('epochs_24', 24, [16, 22], 500),
            ('epochs_24_warmup_1000', 24, [16, 22], 1000),  # dual weighting
            ('epochs_12_warmup_1000', 12, [8, 11], 1000),  # dual weighting
            ('epochs_12_warmup_2000', 12, [8, 11], 2000),  # the released ATSS and DetectoRS
        )
    })
