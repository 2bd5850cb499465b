# Deformable convolutions (DCNv2) in stages 3 to 5 and in the last layer of the towers.
_base_ = './dw_r50_fpn_ms-2x_coco.py'
model = dict(
    backbone=dict(
        dcn=dict(type='DCNv2', deform_groups=1, fallback_on_stride=False), stage_with_dcn=(False, True, True, True)
    ),
    bbox_head=dict(dcn_on_last_conv=True),
)
