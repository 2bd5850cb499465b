# Anchors tuned to the data: 2 x stride, 8 px and up.
_base_ = './faster-rcnn_r18-small_fpn_12e_sirst.py'
model = dict(rpn_head=dict(anchor_generator=dict(scales=[2])))
