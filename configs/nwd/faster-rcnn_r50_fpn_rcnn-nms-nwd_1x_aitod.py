# NWD in the NMS of the R-CNN stage alone (NWD paper, Table 2).
_base_ = ['./faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rcnn_nms}}
