# Dual weighting with box refinement on VisDrone, as published but for the number of detections and the clipping of
# gradients. 4 GPUs x 2 images = 8, lr .005. The smallest stride of 8 leaves objects without a point.
_base_ = [
    '../_base_/models/dw_r50_fpn.py', '../_base_/datasets/visdrone.py', '../_base_/schedules/batch8_1x.py',
    '../_base_/schedules/steps.py'
]
model = dict(bbox_head=dict(num_classes=10), test_cfg=dict(nms_pre=3000, max_per_img=1500))
optim_wrapper = dict(optimizer=dict(lr=0.005), paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = {{_base_.steps.epochs_12_warmup_1000}}
