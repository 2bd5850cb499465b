# The demo's detector with IoU everywhere, anchors of 32 px and up as mmdet has them.
_base_ = [
    '../_base_/models/faster-rcnn_r18-small_fpn.py', '../_base_/datasets/synthetic.py',
    '../_base_/schedules/small.py', 'mmdet::_base_/default_runtime.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(max_keep_ckpts=2))
randomness = dict(seed=0)
