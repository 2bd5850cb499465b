# FCOS with the towers, the data and the budget of dual weighting, on the synthetic set.
_base_ = [
    '../_base_/models/fcos_r18-small_fpn.py', '../_base_/datasets/synthetic.py', '../_base_/schedules/small.py'
]
