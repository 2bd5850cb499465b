# Cascade R-CNN with IoU everywhere (NWD paper, Table 4).
_base_ = [
    'mmdet::_base_/models/cascade-rcnn_r50_fpn.py', '../_base_/datasets/aitod.py',
    '../_base_/schedules/batch8_1x.py'
]
model = dict(
    roi_head=dict(bbox_head=[dict(head, num_classes=8) for head in _base_.model.roi_head.bbox_head]),
    train_cfg=dict(rpn_proposal=dict(nms_pre=3000, max_per_img=3000)),
    test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000), rcnn=dict(max_per_img=3000)))
