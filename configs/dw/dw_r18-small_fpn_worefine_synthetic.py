# Without box refinement.
_base_ = './dw_r18-small_fpn_synthetic.py'
model = dict(bbox_head=dict(reg_refine=False))
