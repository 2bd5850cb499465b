# NWD in the box loss of the RPN alone, anchors tuned to the data.
_base_ = ['./faster-rcnn_r18-small_fpn_anchor2_12e_sirst.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn_loss}}
