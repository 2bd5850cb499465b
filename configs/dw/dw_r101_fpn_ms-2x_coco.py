# ResNet-101 in place of ResNet-50.
_base_ = './dw_r50_fpn_ms-2x_coco.py'
model = dict(backbone=dict(depth=101, init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101')))
