# NWD in the RPN: the paper's DetectoRS* (Table 4). The released config lacks reg_decoded_bbox and so computes
# NWD on encoded deltas; this one decodes. It has half the weight on the loss that the others have.
_base_ = ['./detectors_cascade-rcnn_r50_1x_aitod.py', '../_base_/models/nwd.py']
model = _base_.nwd.rpn
model.rpn_head.loss_bbox.loss_weight = 5.0
