# The same with NWD in the RPN, C from the objects' sizes.
_base_ = ['./faster-rcnn_r50_fpn_anchor4_1x_own.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
nwd_constant = 'auto'
