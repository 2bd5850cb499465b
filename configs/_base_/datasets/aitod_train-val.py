# AI-TOD, train → val: for tuning without a look at the test images. Not comparable with trainval → test.
_base_ = './aitod.py'

train_dataloader = dict(dataset=dict(ann_file='annotations/aitod_train_v1.json', data_prefix=dict(img='train/')))
val_dataloader = dict(dataset=dict(ann_file='annotations/aitod_val_v1.json', data_prefix=dict(img='val/')))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='{{$AITOD_ROOT:data/AI-TOD}}/annotations/aitod_val_v1.json')
test_evaluator = val_evaluator
