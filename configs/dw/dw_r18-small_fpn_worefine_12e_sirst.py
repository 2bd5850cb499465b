# Without box refinement.
_base_ = './dw_r18-small_fpn_12e_sirst.py'
model = dict(bbox_head=dict(reg_refine=False))
