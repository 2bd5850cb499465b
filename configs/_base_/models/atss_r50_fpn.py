# mmdet's model, without the data and the schedule of its config.
_base_ = 'mmdet::atss/atss_r50_fpn_1x_coco.py'
model = _base_.model
_base_.clear()
