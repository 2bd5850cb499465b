# alpha-IoU with alpha = 3 in the R-CNN stage (Alpha-IoU paper, Table 2).
_base_ = [
    'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py', '../_base_/models/alpha_iou.py',
    '../_base_/datasets/coco_box_metric.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
model = {{_base_.alpha_iou.rcnn_loss}}
val_evaluator = {{_base_.coco_box_metric.evaluator}}
test_evaluator = val_evaluator
