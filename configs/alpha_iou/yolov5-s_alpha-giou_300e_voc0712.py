_base_ = './yolov5-s_alpha-iou_300e_voc0712.py'
model = dict(bbox_head=dict(loss_bbox=dict(type='AlphaGIoULoss')))
