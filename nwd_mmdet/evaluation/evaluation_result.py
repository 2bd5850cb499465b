"""What an evaluation found: the numbers, as JSON, and as the tables that the log shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from terminaltables import AsciiTable

from nwd_mmdet.evaluation.coco_arrays import FloatArray
from nwd_mmdet.evaluation.coco_protocols import IOU_THRESHOLDS, Protocol, get_protocol


@dataclass(frozen=True)
class EvaluationResult:
    """The numbers of one evaluation, as fractions.

    Attributes:
        protocol: Name of the protocol.
        max_dets: Numbers of detections that AR is given at; everything else is at the last.
        metrics: Name → number, a mean over the classes; -1 where there is nothing to compute it from (no object of that
            size), as COCO has it.
        classwise: Class name → the numbers of this class by name; None where ``metrics`` has -1.
        counts: Number of images, annotations and detections.
    """

    protocol: str
    max_dets: tuple[int, ...]
    metrics: dict[str, float]
    classwise: dict[str, dict[str, float | None]]
    counts: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for ``json.dump``: the metrics at the top, the rest under its name; no NaN."""
        return {
            **self.metrics,
            'classwise': self.classwise,
            'protocol': self.protocol,
            'max_dets': list(self.max_dets),
            'counts': self.counts,
        }

    def table(self) -> str:
        """The metrics as a table."""
        rows = [[key, _cell(value)] for key, value in self.metrics.items()]
        return _draw([['', ''], *rows], f'{self.protocol}, {self.max_dets[-1]} detections an image')

    def classwise_table(self) -> str:
        """AP, AP by IoU and size, and oLRP of every class, as far as the protocol has them."""
        values = next(iter(self.classwise.values()), {})
        keys = [key for key in values if key.startswith('AP') or key == 'oLRP']
        rows = [[name, *(_cell(values[key]) for key in keys)] for name, values in self.classwise.items()]
        return _draw([['class', *keys], *rows], f'{self.protocol}, per class')


@dataclass(frozen=True)
class COCOResult(EvaluationResult):
    """The numbers of an evaluation of COCO's kind.

    ``metrics`` are AP, AP_50, AP_75, AP by size, AR by number of detections, AR by size, oLRP and its parts;
    ``classwise`` has the same with ``oLRP_threshold``, the score at which LRP is smallest.

    Attributes:
        ap_per_iou: IoU threshold ('0.50' … '0.95') → AP.
        ap_75_95: Mean AP over IoU .75 to .95: how tight the boxes are.
    """

    ap_per_iou: dict[str, float]
    ap_75_95: float

    @classmethod
    def from_arrays(
        cls,
        protocol: str,
        class_names: Sequence[str],
        counts: dict[str, int],
        precision: FloatArray,
        recall: FloatArray,
        lrp: FloatArray,
    ) -> 'COCOResult':
        """Summarise the curves of all classes.

        Args:
            protocol: Name of the protocol, which has A - 1 sizes and M numbers of detections.
            class_names: K names.
            counts: Number of images, annotations and detections.
            precision: Shape [T, R, K, A, M]: at T IoU thresholds and R recalls, of all sizes and of each; -1 where
                there are no objects.
            recall: Shape [T, K, A, M]: likewise.
            lrp: Shape [K, 5]: the fields of :class:`~nwd_mmdet.evaluation.lrp.OptimalLRP`; NaN where undefined.
        """
        rules = get_protocol(protocol)
        classwise: dict[str, dict[str, float | None]] = {}
        for k, name in enumerate(class_names):
            metrics = _summarise(rules, precision[:, :, k : k + 1], recall[:, k : k + 1], lrp[k : k + 1])
            classwise[name] = {key: None if value == -1 else value for key, value in metrics.items()}
            classwise[name]['oLRP_threshold'] = None if np.isnan(lrp[k, 4]) else float(lrp[k, 4])
        best = precision[..., 0, -1]
        return cls(
            protocol,
            rules.max_dets,
            _summarise(rules, precision, recall, lrp),
            classwise,
            counts,
            {f'{threshold:.2f}': _mean(best[t]) for t, threshold in enumerate(IOU_THRESHOLDS)},
            _mean(best[IOU_THRESHOLDS > 0.74]),
        )

    @property
    def by_iou(self) -> dict[str, float]:
        """``AP_50``, ``AP_55`` … ``AP_95``, and ``AP_75_95``, their mean from .75 on."""
        return {**{f'AP_{key[2:]}': ap for key, ap in self.ap_per_iou.items()}, 'AP_75_95': self.ap_75_95}

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for ``json.dump``: the metrics at the top, the rest under its name; no NaN."""
        by_iou = {'AP_75_95': self.ap_75_95, 'AP_per_iou': self.ap_per_iou}
        return {**self.metrics, **by_iou, **super().to_json()}

    def table(self) -> str:
        """The metrics as a table: a line each for AP, AP by IoU threshold, AR and oLRP."""
        groups = [
            {key: value for key, value in self.metrics.items() if key.startswith(prefix)}
            for prefix in ('AP', 'AR', 'oLRP')
        ]
        groups.insert(1, self.by_iou)
        width = max(map(len, groups))
        rows = []
        for group in groups:
            padding = [''] * (width - len(group))
            rows.append([*group, *padding])
            rows.append([*map(_cell, group.values()), *padding])
        return _draw(rows, f'{self.protocol}, {self.max_dets[-1]} detections', inner_row_border=True)


def _summarise(rules: Protocol, precision: FloatArray, recall: FloatArray, lrp: FloatArray) -> dict[str, float]:
    """The metrics, averaged over the classes given; shapes as in :meth:`COCOResult.from_arrays`."""
    ap = precision[..., -1]  # at the most detections
    return {
        'AP': _mean(ap[..., 0]),
        'AP_50': _mean(ap[np.isclose(IOU_THRESHOLDS, 0.5), ..., 0]),
        'AP_75': _mean(ap[np.isclose(IOU_THRESHOLDS, 0.75), ..., 0]),
        **{f'AP_{size}': _mean(ap[..., a]) for a, size in enumerate(rules.sizes, 1)},
        **{f'AR_{number}': _mean(recall[:, :, 0, m]) for m, number in enumerate(rules.max_dets)},
        **{f'AR_{size}': _mean(recall[:, :, a, -1]) for a, size in enumerate(rules.sizes, 1)},
        **{f'oLRP{part}': _mean(lrp[:, i]) for i, part in enumerate(('', '_loc', '_fp', '_fn'))},
    }


def _mean(values: FloatArray) -> float:
    """Mean over what is defined, neither -1 nor NaN; -1 if nothing is."""
    defined = values[values > -1]
    return float(defined.mean()) if defined.size else -1.0


def _cell(value: float | None) -> str:
    return '-' if value is None or value == -1 else f'{value:.3f}'


def _draw(rows: list[list[str]], title: str, inner_row_border: bool = False) -> str:
    table = AsciiTable(rows, title)
    table.inner_row_border = inner_row_border
    return str(table.table)
