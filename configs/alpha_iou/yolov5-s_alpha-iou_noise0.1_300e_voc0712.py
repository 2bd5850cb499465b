# Training boxes moved and resized by up to a tenth, the same in every epoch (Alpha-IoU paper, Table 3).
_base_ = './yolov5-s_alpha-iou_300e_voc0712.py'
_base_.train_dataloader.dataset.dataset.pipeline.insert(2, dict(type='NoisyBoxes', rate=0.1))  # behind LoadAnnotations
