# mmdet's model, without the data and the schedule of its config.
_base_ = 'mmdet::centernet/centernet_r18-dcnv2_8xb16-crop512-140e_coco.py'
model = _base_.model
_base_.clear()
