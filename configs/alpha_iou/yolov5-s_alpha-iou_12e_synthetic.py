# YOLOv5 s with alpha-IoU, alpha = 3, on the synthetic set: small enough for a CPU. Objects of 4 to 30 px, so anchors of
# half the size.
_base_ = [
    '../_base_/models/yolov5_s.py', '../_base_/datasets/synthetic.py', '../_base_/schedules/small_12e.py'
]
model = dict(
    bbox_head=dict(
        num_classes=8,
        loss_cls=dict(loss_weight=0.5 * 8 / 80 * 64),
        anchor_generator=dict(
            base_sizes=[
                [(5, 6), (8, 15), (16, 12)],
                [(15, 30), (31, 22), (30, 60)],
                [(58, 45), (78, 99), (186, 163)],
            ])))
