# RetinaNet with IoU (NWD paper, Table 4). Its smallest anchor has 4 x stride, 32 px.
_base_ = [
    'mmdet::_base_/models/retinanet_r50_fpn.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py'
]
model = dict(bbox_head=dict(num_classes=8), test_cfg=dict(nms_pre=3000, max_per_img=3000))
