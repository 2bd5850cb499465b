"""VisDrone-DET's evaluation as a metric for mmengine's Runner, by the papers' protocol and by the official one."""

from typing import Any

import numpy as np
from mmdet.registry import METRICS
from mmengine.fileio import load

from nwd_mmdet.datasets.aitod import find_annotations
from nwd_mmdet.evaluation.aitod_metric import AITODMetric
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.evaluation.evaluation_result import EvaluationResult
from nwd_mmdet.evaluation.visdrone_toolkit import ToolkitResult, evaluate_toolkit, regions_of


@METRICS.register_module()
class VisDroneMetric(AITODMetric):
    """AP and AR on VisDrone-DET; the name of the protocol stands above every table.

    ``protocol='papers'`` is what the NWD, NWD-RKA and RFLA papers report on val: COCO's evaluation with AI-TOD's sizes
    and 1,500 detections of each class, ``AR_100 AR_300 AR_1500`` in place of AI-TOD's ``AR_1 AR_100 AR_1500``, and
    oLRP. It does not know ignored regions: detections there are false.

    ``protocol='official'`` is that of VisDrone's challenge and toolkit, see
    :mod:`nwd_mmdet.evaluation.visdrone_toolkit`: ``AP AP_50 AP_75 AR_1 AR_10 AR_100 AR_500`` and, as the toolkit
    averages, the same with ``_weighted``. Numbers of the two protocols cannot be compared.

    Args:
        protocol: ``'papers'`` or ``'official'``.
        **kwargs: As :class:`~nwd_mmdet.evaluation.aitod_metric.AITODMetric`; ``'official'`` needs ``ann_file``.

    Raises:
        ValueError: Another ``protocol``; ``'official'`` without ``ann_file``.
    """

    default_prefix = 'visdrone'
    protocol = 'visdrone'

    def __init__(self, protocol: str = 'papers', **kwargs: Any) -> None:
        if protocol not in ('papers', 'official'):
            raise ValueError(f"protocol={protocol!r} must be 'papers' or 'official'")
        super().__init__(**kwargs)
        self.official = protocol == 'official'
        self._regions: list[np.ndarray] = []
        if self.official:
            if self._annotated is None or self.ann_file is None:
                raise ValueError("protocol='official' needs ann_file: the ignored regions stand in it")
            backend_args = kwargs.get('backend_args')
            path = self.ann_file if backend_args else str(find_annotations(self.ann_file))
            self._regions = regions_of(load(path, backend_args=backend_args), self._annotated)

    def evaluate_arrays(self, gt: GroundTruth, dt: Detections) -> EvaluationResult | ToolkitResult:
        """Compare detections with the ground truth."""
        return evaluate_toolkit(gt, dt, self._regions) if self.official else super().evaluate_arrays(gt, dt)
