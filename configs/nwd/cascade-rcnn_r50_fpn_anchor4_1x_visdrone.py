# Cascade R-CNN on VisDrone, and anchors tuned to the data: 4 x stride, 16 px and up.
_base_ = './cascade-rcnn_r50_fpn_1x_visdrone.py'
model = dict(rpn_head=dict(anchor_generator=dict(scales=[4])))
