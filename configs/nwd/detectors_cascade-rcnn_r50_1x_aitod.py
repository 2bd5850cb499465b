# DetectoRS with IoU everywhere (NWD paper, Table 4).
_base_ = ['./cascade-rcnn_r50_fpn_1x_aitod.py', '../_base_/models/detectors.py', '../_base_/schedules/steps.py']
model = {{_base_.detectors.model}}
param_scheduler = {{_base_.steps.epochs_12_warmup_2000}}
