# YOLOv5 s with alpha-IoU, alpha = 3, on the synthetic set: small enough for a CPU. Objects of 4 to 30 px, so anchors of
# half the size.
_base_ = [
    '../_base_/models/yolov5_s.py', '../_base_/datasets/synthetic.py', '../_base_/schedules/small.py',
    'mmdet::_base_/default_runtime.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
images_per_step = 64
model = dict(
    bbox_head=dict(
        num_classes=8,
        loss_cls=dict(loss_weight=0.5 * 8 / 80 * images_per_step),
        anchor_generator=dict(
            base_sizes=[
                [(5, 6), (8, 15), (16, 12)],
                [(15, 30), (31, 22), (30, 60)],
                [(58, 45), (78, 99), (186, 163)],
            ])))
train_cfg = dict(max_epochs=12, val_interval=12)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=True, T_max=12, eta_min=1e-5, convert_to_iter_based=True)
]
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(max_keep_ckpts=2))
randomness = dict(seed=0)
