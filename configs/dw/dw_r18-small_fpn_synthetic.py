# Dual weighting with box refinement, on the synthetic set.
_base_ = [
    '../_base_/models/dw_r18-small_fpn.py', '../_base_/datasets/synthetic.py', '../_base_/schedules/small.py'
]
