# SSD-512 (NWD paper, Table 4) as mmdet has it: with VGG-16, where the paper says ResNet-50. Images are cut, distorted
# and resized to 512 px as SSD does, so that objects are 512 / 800 = .64 of their size.
_base_ = ['../_base_/models/ssd512.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py']
model = dict(
    bbox_head=dict(type='PredictingSSDHead', num_classes=8),
    test_cfg=dict(nms_pre=3000, max_per_img=3000, score_thr=0.05, nms=dict(iou_threshold=0.5)))
train_dataloader = {{_base_.ssd512.train_dataloader}}
val_dataloader = {{_base_.ssd512.val_dataloader}}
test_dataloader = val_dataloader
# VGG-16 has no batch norm and does not stand .01: mmdet's rate for SSD, 2e-3 at batch 64, scaled to 8.
optim_wrapper = dict(optimizer=dict(lr=2.5e-4, weight_decay=5e-4))
