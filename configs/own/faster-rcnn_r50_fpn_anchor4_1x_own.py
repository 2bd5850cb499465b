# A ResNet-50 from ImageNet on any COCO set, IoU everywhere, anchors of 4 x stride, 16 px and up.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py', '../_base_/datasets/own.py', '../_base_/schedules/batch8_1x.py'
]
# Up to 3,000 objects an image.
model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[4])),
    roi_head=dict(bbox_head=dict(num_classes='auto')),
    train_cfg=dict(rpn_proposal=dict(nms_pre=3000, max_per_img=3000)),
    test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000), rcnn=dict(max_per_img=3000)))
