# Libra R-CNN's IoU-balanced sampling and balanced L1, without its pyramid (sections 4.1.1, 6.1).
_base_ = ['../demo/faster-rcnn_r18-small_fpn_anchor2_synthetic.py', '../_base_/models/imbalance.py']
model = {{_base_.imbalance.libra}}
