# FCOS's head in place of the one of dw_r18-small_fpn.py, in its improved version (centre sampling, centerness on the
# regression branch, GIoU); ranges of 8 strides, as FCOS has them from stride 8 on. To be merged into the model:
#     _base_ = ['./dw_r18-small_….py', '../_base_/models/fcos-head_stride4.py']
#     model = {{_base_.fcos_head}}
fcos_head = dict(
    bbox_head=dict(
        type='FCOSHead',
        regress_ranges=((-1, 32), (32, 64), (64, 128), (128, 256), (256, 1e8)),
        center_sampling=True,
        norm_on_bbox=True,
        centerness_on_reg=True))
