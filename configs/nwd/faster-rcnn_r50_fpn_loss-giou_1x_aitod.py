# GIoU in the box loss of RPN and R-CNN (NWD paper, Table 1).
_base_ = ['./faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/overlaps.py']
model = {{_base_.overlaps.loss.giou}}
