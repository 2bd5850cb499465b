# The demo's detector with IoU everywhere, anchors of 32 px and up as mmdet has them.
_base_ = [
    '../_base_/models/faster-rcnn_r18-small_fpn.py', '../_base_/datasets/synthetic.py', '../_base_/schedules/small.py'
]
