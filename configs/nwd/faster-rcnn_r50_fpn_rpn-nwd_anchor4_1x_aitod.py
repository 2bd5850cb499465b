# NWD in the RPN, and anchors tuned to the data: 4 x stride, 16 px and up.
_base_ = ['./faster-rcnn_r50_fpn_anchor4_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
