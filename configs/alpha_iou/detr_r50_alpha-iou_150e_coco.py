# DETR with alpha-IoU, alpha = 3, in place of GIoU as the loss; costs and weights as they are (Alpha-IoU paper,
# Table 1).
_base_ = ['mmdet::detr/detr_r50_8xb2-150e_coco.py', '../_base_/datasets/coco_box_metric.py']
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
model = dict(bbox_head=dict(loss_iou=dict(_delete_=True, type='AlphaIoULoss', alpha=3.0, loss_weight=2.0)))
val_evaluator = {{_base_.coco_box_metric.evaluator}}
test_evaluator = val_evaluator
