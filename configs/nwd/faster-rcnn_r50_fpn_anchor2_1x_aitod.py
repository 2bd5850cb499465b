# The baseline with anchors tuned to the data: 2 x stride, 8 px and up.
_base_ = './faster-rcnn_r50_fpn_1x_aitod.py'
model = dict(rpn_head=dict(anchor_generator=dict(scales=[2])))
