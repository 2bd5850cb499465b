# mmdet's model, without the data and the schedule of its config.
_base_ = 'mmdet::foveabox/fovea_r50_fpn_4xb4-1x_coco.py'
model = _base_.model
_base_.clear()
