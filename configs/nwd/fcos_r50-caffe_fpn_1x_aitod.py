# FCOS (NWD paper, Table 4), as first published, with its learning rate for biases.
_base_ = ['../_base_/models/fcos_r50-caffe_fpn.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py']
model = dict(bbox_head=dict(num_classes=8), test_cfg=dict(nms_pre=3000, max_per_img=3000))
optim_wrapper = dict(paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0))
