# Pascal VOC 2007 and 2012 as COCO JSON, to be merged into a config of COCO:
#     train_dataloader = dict(dataset={{_base_.voc0712.train}})
# docs/datasets.md says how to make the files.
data_root = '{{$VOC_ROOT:data/VOCdevkit}}'
metainfo = dict(
    classes=(
        'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable', 'dog',
        'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor'))
voc0712 = dict(
    _fragment_=True,
    train=dict(
        data_root=data_root, metainfo=metainfo, ann_file='annotations/voc0712_trainval.json', data_prefix=dict(img='')),
    test=dict(
        data_root=data_root, metainfo=metainfo, ann_file='annotations/voc07_test.json', data_prefix=dict(img='')),
    evaluator=dict(type='COCOBoxMetric', ann_file=data_root + '/annotations/voc07_test.json'))
del data_root, metainfo
