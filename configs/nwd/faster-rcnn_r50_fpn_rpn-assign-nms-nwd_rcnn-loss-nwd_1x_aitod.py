# NWD in the RPN's assignment and NMS and the R-CNN's loss: for the NWD paper's 19.7 at 24 epochs (Table 3).
_base_ = ['./faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn_assign_nms_rcnn_loss}}
