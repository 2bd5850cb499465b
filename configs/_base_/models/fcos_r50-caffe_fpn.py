# mmdet's model, without the data and the schedule of its config.
_base_ = 'mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py'
model = _base_.model
_base_.clear()
