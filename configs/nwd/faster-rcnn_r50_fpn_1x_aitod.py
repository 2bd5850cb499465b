# The paper's baseline (NWD, section 4): Faster R-CNN with IoU everywhere and anchors of 8 x stride, 32 px and up.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py', '../_base_/datasets/aitod.py',
    'mmdet::_base_/schedules/schedule_1x.py', 'mmdet::_base_/default_runtime.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)

# AI-TOD has up to 2,667 objects an image: 3,000 proposals and detections.
model = dict(
    roi_head=dict(bbox_head=dict(num_classes=8)),
    train_cfg=dict(rpn_proposal=dict(nms_pre=3000, max_per_img=3000)),
    test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000), rcnn=dict(max_per_img=3000)))

# 4 GPUs x 2 images = 8, lr .01; `--auto-scale-lr` adapts it to other numbers of GPUs. Steps at 8 and 11 of 12 epochs,
# 500 iterations of warm-up from .001 of the rate: schedule_1x. The clipping is not the paper's; it only meets
# gradients that would end in NaN.
optim_wrapper = dict(optimizer=dict(lr=0.01), clip_grad=dict(max_norm=35, norm_type=2))
auto_scale_lr = dict(enable=False, base_batch_size=8)
