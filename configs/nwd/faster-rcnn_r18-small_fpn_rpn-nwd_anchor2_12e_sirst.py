# NWD in the RPN, and anchors tuned to the data: 2 x stride, 8 px and up.
_base_ = ['./faster-rcnn_r18-small_fpn_anchor2_12e_sirst.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
