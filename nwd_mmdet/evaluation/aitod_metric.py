"""AI-TOD's evaluation as a metric for mmengine's Runner."""

from mmdet.registry import METRICS

from nwd_mmdet.evaluation.box_metric import BoxMetric


@METRICS.register_module()
class AITODMetric(BoxMetric):
    """AP, AR and oLRP of boxes by AI-TOD's protocol: sizes from very tiny to medium, up to 1,500 detections.

    Keys of the metrics: ``AP AP_50 AP_75 AP_vt AP_t AP_s AP_m AR_1 AR_100 AR_1500 AR_vt AR_t AR_s AR_m oLRP oLRP_loc
    oLRP_fp oLRP_fn``, as fractions, -1 where no object is of that size.

    Takes the arguments of :class:`~nwd_mmdet.evaluation.box_metric.BoxMetric`.
    """

    default_prefix = 'aitod'
    protocol = 'aitod'
