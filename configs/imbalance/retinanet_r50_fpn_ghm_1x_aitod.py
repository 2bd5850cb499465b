# Gradient harmonising in both losses in place of focal loss and L1 (imbalance review, sections 4.1.2, 6.1).
_base_ = ['../nwd/retinanet_r50_fpn_1x_aitod.py', '../_base_/models/imbalance.py']
model = {{_base_.imbalance.ghm}}
