# The weights as the paper's equations 3 to 8 print them; the released code departs from them.
_base_ = './dw_r50_fpn_worefine_1x_coco.py'
model = dict(bbox_head=dict(assigner=dict(preset='paper')))
