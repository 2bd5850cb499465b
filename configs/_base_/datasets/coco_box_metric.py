# COCO's val set with AP at every IoU threshold and their mean from 0.75 on, in place of mmdet's metric:
#     val_evaluator = {{_base_.coco_box_metric.evaluator}}
coco_box_metric = dict(
    _fragment_=True,
    evaluator=dict(_delete_=True, type='COCOBoxMetric', ann_file='data/coco/annotations/instances_val2017.json'))
