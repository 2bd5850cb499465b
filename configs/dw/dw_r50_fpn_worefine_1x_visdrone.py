# Without box refinement.
_base_ = './dw_r50_fpn_1x_visdrone.py'
model = dict(bbox_head=dict(reg_refine=False))
