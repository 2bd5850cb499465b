# What makes DetectoRS of mmdet's Cascade R-CNN, to be merged into its model:
#     _base_ = ['./cascade-rcnn_r50_….py', '../_base_/models/detectors.py']
#     model = {{_base_.detectors}}
# `import` would make mmengine take this for a config in its new style.
get_config = __import__('mmengine.hub', fromlist=['hub']).get_config
cascade = get_config('mmdet::detectors/detectors_cascade-rcnn_r50_1x_coco.py').model.to_dict()
detectors = dict(backbone=cascade['backbone'], neck=cascade['neck'])
del get_config, cascade
