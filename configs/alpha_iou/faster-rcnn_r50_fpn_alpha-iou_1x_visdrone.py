# alpha-IoU with alpha = 3 in the R-CNN stage.
_base_ = ['../nwd/faster-rcnn_r50_fpn_1x_visdrone.py', '../_base_/models/alpha_iou.py']
model = {{_base_.alpha_iou.rcnn_loss}}
