# mmdet's model, without the data and the schedule of its config.
_base_ = 'mmdet::tridentnet/tridentnet_r50-caffe_1x_coco.py'
model = _base_.model
_base_.clear()
