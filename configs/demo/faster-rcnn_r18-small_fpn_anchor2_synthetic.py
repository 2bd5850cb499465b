# Anchors tuned to the data: 2 x stride, from 8 px up.
_base_ = './faster-rcnn_r18-small_fpn_synthetic.py'
model = dict(rpn_head=dict(anchor_generator=dict(scales=[2])))
