# Libra R-CNN's IoU-balanced sampling and balanced L1, without its pyramid (sections 4.1.1, 6.1).
_base_ = ['../nwd/faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/imbalance.py']
model = {{_base_.imbalance.libra}}
