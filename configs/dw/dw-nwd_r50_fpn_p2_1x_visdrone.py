# For tiny objects: from stride 4 on, a point for every object, NWD in P_neg and in the regression loss.
_base_ = ['./dw_r50_fpn_1x_visdrone.py', '../_base_/models/dw.py']
model = dict(neck=dict(start_level=0), bbox_head=dict(strides=[4, 8, 16, 32, 64], **_base_.dw.nwd.bbox_head))
