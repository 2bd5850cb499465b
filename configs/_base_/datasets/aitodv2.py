# AI-TOD-v2, trainval → test: the images of AI-TOD with better annotations.
_base_ = './aitod.py'

train_dataloader = dict(dataset=dict(ann_file='annotations/aitodv2_trainval.json'))
val_dataloader = dict(dataset=dict(ann_file='annotations/aitodv2_test.json'))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='{{$AITOD_ROOT:data/AI-TOD}}/annotations/aitodv2_test.json')
test_evaluator = val_evaluator
