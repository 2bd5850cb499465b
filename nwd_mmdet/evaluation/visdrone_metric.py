"""VisDrone-DET's evaluation as a metric for mmengine's Runner, by the papers' protocol and by the official one."""

from typing import Any

from mmdet.registry import METRICS

from nwd_mmdet.evaluation.box_metric import BoxMetric
from nwd_mmdet.evaluation.coco_arrays import Detections, FloatArray, GroundTruth
from nwd_mmdet.evaluation.evaluation_result import EvaluationResult
from nwd_mmdet.evaluation.visdrone_toolkit import evaluate_toolkit, regions_of


@METRICS.register_module()
class VisDroneMetric(BoxMetric):
    """AP and AR on VisDrone-DET; the name of the protocol stands above every table.

    ``protocol='papers'`` is what the NWD, NWD-RKA and RFLA papers report on val: COCO's evaluation with AI-TOD's sizes
    and 1,500 detections of each class, ``AR_100 AR_300 AR_1500`` in place of AI-TOD's ``AR_1 AR_100 AR_1500``, and
    oLRP. It does not know ignored regions: detections there are false.

    ``protocol='official'`` is that of VisDrone's challenge and toolkit, see
    :mod:`nwd_mmdet.evaluation.visdrone_toolkit`: ``AP AP_50 AP_75 AR_1 AR_10 AR_100 AR_500`` and, as the toolkit
    averages, the same with ``_weighted``. Numbers of the two protocols cannot be compared.

    Args:
        protocol: ``'papers'`` or ``'official'``.
        **kwargs: As :class:`~nwd_mmdet.evaluation.box_metric.BoxMetric`; ``'official'`` needs ``ann_file``.

    Raises:
        ValueError: Another ``protocol``; ``'official'`` without ``ann_file``.
    """

    default_prefix = 'visdrone'
    protocol = 'visdrone'

    def __init__(self, protocol: str = 'papers', **kwargs: Any) -> None:
        if protocol not in ('papers', 'official'):
            raise ValueError(f"protocol={protocol!r} must be 'papers' or 'official'")
        self.official = protocol == 'official'
        self._regions: list[FloatArray] = []
        super().__init__(**kwargs)
        if self.official and self._annotated is None:
            raise ValueError("protocol='official' needs ann_file: the ignored regions stand in it")

    def read_annotations(self, dataset: dict[str, Any], source: str) -> GroundTruth:
        """The objects of a COCO data set; the official protocol keeps its ignored regions as well."""
        gt = super().read_annotations(dataset, source)
        if self.official:
            self._regions = regions_of(dataset, gt)
        return gt

    def evaluate_arrays(self, gt: GroundTruth, dt: Detections) -> EvaluationResult:
        """Compare detections with the ground truth."""
        return evaluate_toolkit(gt, dt, self._regions) if self.official else super().evaluate_arrays(gt, dt)
