# OHEM: the RoIs of highest loss (imbalance review, section 4.1.1).
_base_ = ['../nwd/faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/imbalance.py']
model = {{_base_.imbalance.ohem}}
