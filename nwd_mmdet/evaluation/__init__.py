from nwd_mmdet.evaluation.aitod_metric import AITODMetric
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.evaluation.coco_box_metric import COCOBoxMetric
from nwd_mmdet.evaluation.coco_evaluation import JSON_PROTOCOLS, evaluate, evaluate_json
from nwd_mmdet.evaluation.coco_protocols import PROTOCOLS
from nwd_mmdet.evaluation.visdrone_metric import VisDroneMetric

__all__ = [
    'JSON_PROTOCOLS',
    'PROTOCOLS',
    'AITODMetric',
    'COCOBoxMetric',
    'Detections',
    'GroundTruth',
    'VisDroneMetric',
    'evaluate',
    'evaluate_json',
]
