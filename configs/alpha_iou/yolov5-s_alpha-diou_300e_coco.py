_base_ = './yolov5-s_alpha-iou_300e_coco.py'
model = dict(bbox_head=dict(loss_bbox=dict(type='AlphaDIoULoss')))
