# DETR with alpha-DIoU, alpha = 3, in place of GIoU as the loss; costs and weights as they are (Alpha-IoU paper,
# Table 1).
_base_ = './detr_r50_alpha-iou_150e_coco.py'
model = dict(bbox_head=dict(loss_iou=dict(type='AlphaDIoULoss')))
