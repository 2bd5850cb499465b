# NWD in all six modules, 24 epochs (NWD paper, Table 3).
_base_ = ['./faster-rcnn_r50_fpn_rpn-rcnn-nwd_1x_aitod.py', '../_base_/schedules/steps.py']
train_cfg = dict(max_epochs=24)
param_scheduler = {{_base_.steps.epochs_24}}
