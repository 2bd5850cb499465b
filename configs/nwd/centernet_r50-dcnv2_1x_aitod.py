# CenterNet (NWD paper, Table 4) on ResNet-50 with mmdet's deconvolutions; the paper's DLA-34 does not exist in mmdet 3.
# Trained on whole images for 12 epochs like the other detectors, not on crops of 512 px for 140 as on COCO. There is no
# NMS and no score threshold: the 1,500 best peaks of an image, as many as the evaluation takes.
_base_ = ['../_base_/models/centernet_r18-dcnv2.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py']
model = dict(
    backbone=dict(depth=50, init_cfg=dict(checkpoint='torchvision://resnet50')),
    neck=dict(in_channels=2048),
    bbox_head=dict(num_classes=8),
    test_cfg=dict(topk=1500, max_per_img=1500))

# The head asks for the border that padding to a multiple of the stride has made: none for AI-TOD's 800 px.
test_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(
        type='RandomCenterCropPad',
        ratios=None,
        border=None,
        mean=[0, 0, 0],
        std=[1, 1, 1],
        to_rgb=True,
        test_mode=True,
        test_pad_mode=['size_divisor', 32]),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'border'))
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
