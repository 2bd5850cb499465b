# Multi-scale training, 24 epochs.
_base_ = ['./dw_r50_fpn_1x_coco.py', '../_base_/schedules/multi-scale_2x.py']
train_dataloader = {{_base_.multi_scale_dataloader}}
train_cfg = {{_base_.epochs_2x}}
param_scheduler = {{_base_.steps_2x}}
