# Without box refinement.
_base_ = './dw_r101-dcn_fpn_ms-2x_coco.py'
model = dict(bbox_head=dict(reg_refine=False))
