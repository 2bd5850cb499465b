# YOLOv5 s with alpha-IoU, alpha = 3, on Pascal VOC 2007 and 2012 (Alpha-IoU paper, Table 1).
_base_ = ['./yolov5-s_alpha-iou_300e_coco.py', '../_base_/datasets/voc0712_metainfo.py']
model = dict(bbox_head=dict(num_classes=20, loss_cls=dict(loss_weight=0.5 * 20 / 80 * 64)))
train_dataloader = dict(dataset=dict(dataset={{_base_.voc0712.train}}))
val_dataloader = dict(dataset={{_base_.voc0712.test}})
test_dataloader = val_dataloader
val_evaluator = {{_base_.voc0712.evaluator}}
test_evaluator = val_evaluator
