# The same with NWD in the RPN, C from the objects' sizes.
_base_ = ['./faster-rcnn_r18-small_fpn_anchor2_own.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
nwd_constant = 'auto'
