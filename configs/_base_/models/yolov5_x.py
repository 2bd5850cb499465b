# YOLOv5 x of release v4.0: 87.8 M parameters for 80 classes, 87.7 M with batch normalisation folded in.
_base_ = './yolov5_s.py'
model = dict(
    backbone=dict(deepen_factor=1.33, widen_factor=1.25),
    neck=dict(in_channels=[320, 640, 1280], num_csp_blocks=4),
    bbox_head=dict(in_channels=[320, 640, 1280]))
