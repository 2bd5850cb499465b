# Pascal VOC 2007 and 2012 as COCO JSON; docs/datasets.md says how to make the files.
voc_root = '{{$VOC_ROOT:data/VOCdevkit}}'
voc_metainfo = dict(
    classes=('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable', 'dog',
             'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor'))
voc_train = dict(data_root=voc_root, metainfo=voc_metainfo, ann_file='annotations/voc0712_trainval.json',
                 data_prefix=dict(img=''))
voc_test = dict(data_root=voc_root, metainfo=voc_metainfo, ann_file='annotations/voc07_test.json',
                data_prefix=dict(img=''))
voc_evaluator = dict(type='COCOBoxMetric', ann_file=voc_root + '/annotations/voc07_test.json')
