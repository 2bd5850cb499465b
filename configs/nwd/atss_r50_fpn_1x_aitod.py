# ATSS (NWD paper, Table 4), with the released learning rate and warm-up.
_base_ = [
    '../_base_/models/atss_r50_fpn.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py',
    '../_base_/schedules/steps.py'
]
model = dict(bbox_head=dict(num_classes=8), test_cfg=dict(nms_pre=3000, max_per_img=3000))
optim_wrapper = dict(optimizer=dict(lr=0.0025))
param_scheduler = {{_base_.steps.epochs_12_warmup_2000}}
