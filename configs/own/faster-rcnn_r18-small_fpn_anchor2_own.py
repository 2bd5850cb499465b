# The demo's small detector on any COCO set, IoU everywhere, anchors of 2 x stride, 8 px and up.
_base_ = [
    '../_base_/models/faster-rcnn_r18-small_fpn.py', '../_base_/datasets/own.py', '../_base_/schedules/small.py'
]
model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[2])), roi_head=dict(bbox_head=dict(num_classes='auto')))
train_dataloader = dict(batch_size=4)
