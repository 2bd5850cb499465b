"""The detectors of an imbalance report, and what was measured of each."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Numbers in the form in which report.json has them: mappings, lists, numbers, strings and None, ready for
#: ``json.dump``. What made them names their keys.
Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Detector:
    """A detector to measure.

    Attributes:
        label: Short name, of its own in a report.
        config: Config file; with ``mmdet::`` before it, one that mmdet brings.
        checkpoint: File or URL of its weights, or None.
    """

    label: str
    config: str
    checkpoint: str | None


@dataclass(frozen=True)
class MeasuredDetector(Detector):
    """A detector and what has been measured of it. A part that is None was not measured yet, or there is nothing.

    Attributes:
        data: Of :meth:`~nwd_mmdet.analysis.imbalance.dataset_statistics.DatasetStatistics.as_dict`.
        batches: ``batch_size``, and of :meth:`~nwd_mmdet.analysis.imbalance.batch_statistics.ClassesPerBatch.as_dict`.
        regression_loss: Of :func:`~nwd_mmdet.analysis.imbalance.loss_curves.curves_of_model`.
        priors: ``stage``, and of :meth:`~nwd_mmdet.analysis.imbalance.prior_statistics.PriorStatistics.as_dict`; or
            ``absent``, the reason why the priors are not known.
        trained: Of :meth:`~nwd_mmdet.analysis.imbalance.trained_statistics.TrainedStatistics.as_dict`.
        evaluation: ``images``, and the results of AI-TOD's protocol.
        log: ``losses`` and ``pace`` of :mod:`~nwd_mmdet.analysis.imbalance.task_balance`.
        measured: Names of the parts that were measured, also of those that are None because there is nothing.
    """

    data: Numbers
    batches: Numbers | None = None
    regression_loss: Numbers | None = None
    priors: Numbers | None = None
    trained: Numbers | None = None
    evaluation: Numbers | None = None
    log: Numbers | None = None
    measured: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """Number of images in the data."""
        return self.data['images']

    @property
    def objects(self) -> int:
        """Number of objects in the data."""
        return self.data['objects']

    @property
    def looked_at(self) -> int:
        """Number of images that the model was run on, or without one the assigner."""
        return (self.trained or self.priors or {}).get('images', 0)

    def with_part(self, name: str, numbers: Numbers | None) -> 'MeasuredDetector':
        """The same detector with one more part, or with a later state of it.

        Args:
            name: Of the attribute.
            numbers: None if there is nothing.
        """
        parts: dict[str, Any] = {name: numbers}
        return dataclasses.replace(self, **parts, measured=tuple(dict.fromkeys((*self.measured, name))))

    def as_dict(self) -> dict[str, Any]:
        """All of it as it stands in report.json, with the parts that were measured."""
        general = ('label', 'config', 'checkpoint', 'data', 'images', 'objects', 'looked_at')
        return {name: getattr(self, name) for name in (*general, *self.measured)}
