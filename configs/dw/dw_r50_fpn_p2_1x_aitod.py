# For tiny objects: from stride 4 on, and a point for every object.
_base_ = './dw_r50_fpn_1x_aitod.py'
model = dict(neck=dict(start_level=0), bbox_head=dict(strides=[4, 8, 16, 32, 64], assigner=dict(nearest_point=True)))
