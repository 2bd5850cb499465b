# FCOS on a small backbone, in its improved version (centre sampling, centerness on the regression branch, GIoU); ranges
# of 8 strides, as FCOS has them from stride 8 on.
_base_ = './dense_r18-small_fpn.py'
model = dict(
    bbox_head=dict(
        type='FCOSHead',
        regress_ranges=((-1, 32), (32, 64), (64, 128), (128, 256), (256, 1e8)),
        center_sampling=True,
        norm_on_bbox=True,
        centerness_on_reg=True))
