# RetinaNet with NWD, and anchors tuned to the data: 2 x stride, 16 px and up.
_base_ = './retinanet_r50_fpn_assign-nwd_1x_aitod.py'
model = dict(bbox_head=dict(anchor_generator=dict(octave_base_scale=2)))
