# Dual weighting with box refinement, on the synthetic set.
_base_ = [
    '../_base_/models/dw_r18-small_fpn.py', '../_base_/datasets/synthetic.py', '../_base_/schedules/small.py',
    'mmdet::_base_/default_runtime.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(max_keep_ckpts=2))
randomness = dict(seed=0)
