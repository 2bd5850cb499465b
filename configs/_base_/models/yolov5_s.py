# YOLOv5 s of release v4.0: mmdet's CSPDarknet and the neck of YOLOX without its last convolutions are the same layers.
# 7.3 M parameters for 80 classes. YOLOv5 multiplies its losses by the images of a step, 64; here the weights are.
model = dict(
    type='SingleStageDetector',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
        bgr_to_rgb=True,
        pad_value=114 / 255,  # behind the normalisation
        pad_size_divisor=32),
    backbone=dict(
        type='CSPDarknet',
        deepen_factor=0.33,
        widen_factor=0.5,
        norm_cfg=dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg=dict(type='Swish')),
    neck=dict(
        type='YOLOv5PAFPN',
        in_channels=[128, 256, 512],
        num_csp_blocks=1,
        norm_cfg=dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg=dict(type='Swish')),
    bbox_head=dict(
        type='YOLOv5Head',
        num_classes=80,
        in_channels=[128, 256, 512],
        anchor_generator=dict(
            type='YOLOAnchorGenerator',
            strides=[8, 16, 32],
            base_sizes=[  # found on COCO at 640 px
                [(10, 13), (16, 30), (33, 23)],
                [(30, 61), (62, 45), (59, 119)],
                [(116, 90), (156, 198), (373, 326)],
            ]),
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=0.5 * 64),
        loss_bbox=dict(type='AlphaIoULoss', alpha=3.0, loss_weight=0.05 * 64),
        loss_obj=dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1.0 * 64)),
    train_cfg=dict(assigner=dict(type='ShapeRatioAssigner', max_ratio=4.0)),
    test_cfg=dict(nms_pre=30000, score_thr=0.001, nms=dict(type='nms', iou_threshold=0.6), max_per_img=300))
