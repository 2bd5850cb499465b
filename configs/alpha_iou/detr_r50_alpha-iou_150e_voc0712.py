_base_ = ['./detr_r50_alpha-iou_150e_coco.py', '../_base_/datasets/voc0712_metainfo.py']
model = dict(bbox_head=dict(num_classes=20))
train_dataloader = dict(dataset={{_base_.voc0712.train}})
val_dataloader = dict(dataset={{_base_.voc0712.test}})
test_dataloader = val_dataloader
val_evaluator = {{_base_.voc0712.evaluator}}
test_evaluator = val_evaluator
