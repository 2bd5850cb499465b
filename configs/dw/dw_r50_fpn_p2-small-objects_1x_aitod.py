# Softer weights for small objects, the cure the paper names: more points of a small object take part.
_base_ = './dw_r50_fpn_p2_1x_aitod.py'
model = dict(bbox_head=dict(assigner=dict(small_objects=dict(size=32, beta=3.0, mu=3.0))))
