# alpha-DIoU with alpha = 3 in the R-CNN stage (Alpha-IoU paper, Table 2).
_base_ = './faster-rcnn_r50_fpn_alpha-iou_1x_coco.py'
model = dict(roi_head=dict(bbox_head=dict(loss_bbox=dict(type='AlphaDIoULoss'))))
