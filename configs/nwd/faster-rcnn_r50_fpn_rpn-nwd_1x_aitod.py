# NWD in the RPN's assignment, NMS and loss: the paper's Faster R-CNN* (Tables 3 and 4).
_base_ = ['./faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
