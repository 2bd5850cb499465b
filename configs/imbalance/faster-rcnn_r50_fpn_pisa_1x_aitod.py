# Prime samples: weights by rank, and classification-aware regression (sections 4.1.2, 7).
_base_ = ['../nwd/faster-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/imbalance.py']
model = {{_base_.imbalance.pisa}}
