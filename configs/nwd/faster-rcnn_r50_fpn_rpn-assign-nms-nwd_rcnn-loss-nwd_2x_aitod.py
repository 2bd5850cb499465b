# NWD in the RPN's assignment and NMS and the R-CNN's loss, 24 epochs (NWD paper, Table 3).
_base_ = ['./faster-rcnn_r50_fpn_rpn-assign-nms-nwd_rcnn-loss-nwd_1x_aitod.py', '../_base_/schedules/steps.py']
train_cfg = dict(max_epochs=24)
param_scheduler = {{_base_.steps.epochs_24}}
