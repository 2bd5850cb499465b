# Dual weighting on a small backbone.
_base_ = './dense_r18-small_fpn.py'
model = dict(bbox_head=dict(type='DWHead'))
