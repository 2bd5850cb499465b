# YOLOv5 x with alpha-IoU, alpha = 3, as the box loss (Alpha-IoU paper, Table 1).
_base_ = [
    '../_base_/models/yolov5_x.py', '../_base_/datasets/yolov5_coco.py', '../_base_/schedules/yolov5_300e.py',
    'mmdet::_base_/default_runtime.py'
]
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
