# What makes DetectoRS of mmdet's Cascade R-CNN, to be merged into its model:
#     _base_ = ['./cascade-rcnn_r50_….py', '../_base_/models/detectors.py']
#     model = {{_base_.detectors.model}}
_base_ = 'mmdet::detectors/detectors_cascade-rcnn_r50_1x_coco.py'
detectors = dict(_fragment_=True, model=dict(backbone=_base_.model.backbone, neck=_base_.model.neck))
_base_.clear()
