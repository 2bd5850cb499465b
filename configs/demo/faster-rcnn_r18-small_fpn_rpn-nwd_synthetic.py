# NWD in the RPN: assignment, NMS and loss.
_base_ = ['./faster-rcnn_r18-small_fpn_synthetic.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
