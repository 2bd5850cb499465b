# NWD in the R-CNN stage's assignment, NMS and loss (NWD paper, Table 3).
_base_ = ['./faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rcnn}}
