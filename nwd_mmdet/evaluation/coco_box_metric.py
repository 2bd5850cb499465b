"""COCO's box evaluation as a metric for mmengine's Runner, with AP at every IoU threshold."""

from mmdet.registry import METRICS

from nwd_mmdet.evaluation.box_metric import BoxMetric
from nwd_mmdet.evaluation.evaluation_result import COCOResult, EvaluationResult


@METRICS.register_module()
class COCOBoxMetric(BoxMetric):
    """COCO's AP and AR with the columns of the Alpha-IoU paper: ``AP_50 AP_55 … AP_95`` and their mean ``AP_75_95``.

    Small, medium and large objects, 100 detections of each class, as in COCO's evaluator; also for Pascal VOC in COCO's
    format. The paper's VOC rows come from YOLOv5's own evaluation, which interpolates AP differently.

    Takes the arguments of :class:`~nwd_mmdet.evaluation.box_metric.BoxMetric`.
    """

    default_prefix = 'coco'
    protocol = 'coco'

    def metrics_of(self, result: EvaluationResult) -> dict[str, float]:
        """The numbers that the log and the visualizer get."""
        assert isinstance(result, COCOResult)
        return {**result.metrics, **result.by_iou}
