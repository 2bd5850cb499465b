# OHEM: the RoIs of highest loss (imbalance review, section 4.1.1).
_base_ = ['../demo/faster-rcnn_r18-small_fpn_anchor2_synthetic.py', '../_base_/models/imbalance.py']
model = {{_base_.imbalance.ohem}}
