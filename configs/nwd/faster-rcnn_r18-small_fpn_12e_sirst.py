# A small detector on SIRST (one class, targets of 6 px), IoU everywhere, anchors of 8 x stride, 32 px and up.
_base_ = [
    '../_base_/models/faster-rcnn_r18-small_fpn.py', '../_base_/datasets/sirst.py', '../_base_/schedules/small_12e.py'
]
model = dict(roi_head=dict(bbox_head=dict(num_classes=1)))

# 12 epochs of SGD at .02 for batches of 4, steps at 8 and 11, as mmdet's 1x.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=0.02, momentum=0.9, weight_decay=0.0001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=200),
    dict(type='MultiStepLR', by_epoch=True, milestones=[8, 11], gamma=0.1)
]
