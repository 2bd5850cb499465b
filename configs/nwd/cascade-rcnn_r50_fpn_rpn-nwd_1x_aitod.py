# NWD in the RPN: the paper's Cascade R-CNN* (Table 4). The released config lacks reg_decoded_bbox and so computes
# NWD on encoded deltas; this one decodes.
_base_ = ['./cascade-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
