"""VisDrone-DET's evaluation as the papers on tiny objects do it, as a metric for mmengine's Runner."""

from mmdet.registry import METRICS

from nwd_mmdet.evaluation.aitod_metric import AITODMetric


@METRICS.register_module()
class VisDroneMetric(AITODMetric):
    """AP, AR and oLRP on VisDrone-DET by the protocol of the NWD, NWD-RKA and RFLA papers.

    AI-TOD's sizes and 1,500 detections, AR at 100, 300 and 1500: ``AR_100 AR_300 AR_1500`` in place of AI-TOD's ``AR_1
    AR_100 AR_1500``. It is not the VisDrone toolkit's protocol; see
    :data:`nwd_mmdet.evaluation.coco_protocols.PROTOCOLS`. Arguments as in
    :class:`~nwd_mmdet.evaluation.aitod_metric.AITODMetric`.
    """

    default_prefix = 'visdrone'
    protocol = 'visdrone'
