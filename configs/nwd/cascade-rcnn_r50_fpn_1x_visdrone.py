# Cascade R-CNN with IoU everywhere on VisDrone (NWD paper, Table 5), trained as on AI-TOD.
_base_ = [
    'mmdet::_base_/models/cascade-rcnn_r50_fpn.py', '../_base_/datasets/visdrone.py',
    '../_base_/schedules/batch8_1x.py'
]
model = dict(
    roi_head=dict(bbox_head=[dict(head, num_classes=10) for head in _base_.model.roi_head.bbox_head]),
    train_cfg=dict(rpn_proposal=dict(nms_pre=3000, max_per_img=3000)),
    test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000), rcnn=dict(max_per_img=3000)))
