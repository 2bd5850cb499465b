_base_ = './detr_r50_alpha-iou_150e_voc0712.py'
model = dict(bbox_head=dict(loss_iou=dict(type='AlphaDIoULoss')))
