# FCOS with the towers, the data and the budget of dual weighting, on SIRST (one class, targets of 6 px).
_base_ = [
    '../_base_/models/fcos_r18-small_fpn.py', '../_base_/datasets/sirst.py', '../_base_/schedules/small_12e.py'
]
model = dict(bbox_head=dict(num_classes=1))
