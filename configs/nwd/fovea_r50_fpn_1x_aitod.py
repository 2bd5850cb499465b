# FoveaBox (NWD paper, Table 4).
_base_ = ['../_base_/models/fovea_r50_fpn.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py']
model = dict(bbox_head=dict(num_classes=8), test_cfg=dict(nms_pre=3000, max_per_img=3000))
