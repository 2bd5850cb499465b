# The paper's baseline (NWD, section 4): Faster R-CNN with IoU everywhere and anchors of 8 x stride, 32 px and up.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py', '../_base_/datasets/aitod.py',
    '../_base_/schedules/batch8_1x.py'
]

# AI-TOD has up to 2,667 objects an image: 3,000 proposals and detections.
model = dict(
    roi_head=dict(bbox_head=dict(num_classes=8)),
    train_cfg=dict(rpn_proposal=dict(nms_pre=3000, max_per_img=3000)),
    test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000), rcnn=dict(max_per_img=3000)))
