# What the imbalance review lists against foreground-background, regression and IoU imbalance, as mmdet has it; to be
# merged into the model of a Faster R-CNN or RetinaNet:
#     model = {{_base_.imbalance.ohem}}
imbalance = dict(
    _fragment_=True,
    ohem=dict(train_cfg=dict(rcnn=dict(sampler=dict(type='OHEMSampler')))),
    # Libra R-CNN without its pyramid: IoU-balanced sampling and balanced L1.
    libra=dict(
        roi_head=dict(
            bbox_head=dict(
                loss_bbox=dict(
                    _delete_=True, type='BalancedL1Loss', alpha=0.5, gamma=1.5, beta=1.0, loss_weight=1.0))),
        train_cfg=dict(
            rpn=dict(sampler=dict(neg_pos_ub=5), allowed_border=-1),
            rcnn=dict(
                sampler=dict(
                    type='CombinedSampler',
                    pos_sampler=dict(type='InstanceBalancedPosSampler'),
                    neg_sampler=dict(type='IoUBalancedNegSampler', floor_thr=-1, floor_fraction=0, num_bins=3))))),
    ghm=dict(
        bbox_head=dict(
            loss_cls=dict(_delete_=True, type='GHMC', bins=30, momentum=0.75, use_sigmoid=True, loss_weight=1.0),
            loss_bbox=dict(_delete_=True, type='GHMR', mu=0.02, bins=10, momentum=0.7, loss_weight=10.0))),
    pisa=dict(
        roi_head=dict(
            type='PISARoIHead', bbox_head=dict(loss_bbox=dict(type='SmoothL1Loss', beta=1.0, loss_weight=1.0))),
        train_cfg=dict(
            rcnn=dict(
                sampler=dict(type='ScoreHLRSampler', k=0.5, bias=0.0),
                isr=dict(k=2, bias=0),
                carl=dict(k=1, bias=0.2)))))
