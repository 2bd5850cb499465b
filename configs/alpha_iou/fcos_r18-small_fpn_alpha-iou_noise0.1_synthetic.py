# As without noise, with training boxes moved and resized by up to a tenth; validation boxes stay as they are.
_base_ = './fcos_r18-small_fpn_alpha-iou_synthetic.py'
train_pipeline = _base_.train_pipeline
train_pipeline.insert(2, dict(type='NoisyBoxes', rate=0.1))  # behind LoadAnnotations
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
