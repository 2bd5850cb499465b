"""The classes that meet in a batch: imbalance review (Oksuz et al.), section 4.2.2, Figure 6."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nwd_mmdet.analysis.imbalance.balance import measure_balance


@dataclass(frozen=True)
class ClassesPerBatch:
    """The classes that the batches of a sampler hold (Fig. 6). Of B batches without any object, the means are None.

    Attributes:
        batches: Number of batches.
        classes: Shape [K + 1], int64: entry n is the number of batches with n classes.
        batches_per_class: Shape [K], int64: batches with an object of the class.
        entropy: Mean normalised entropy of the classes in a batch, as of
            :class:`~nwd_mmdet.analysis.imbalance.balance.Balance`.
        distance: Mean total variation distance, in [0, 1], of the classes in a batch from those in the data set: the
            share of a batch's objects that is of other classes than the data set would have it (section 4.4.3).
    """

    batches: int
    classes: np.ndarray
    batches_per_class: np.ndarray
    entropy: float | None
    distance: float | None

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for ``json.dump``."""
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}


def classes_per_batch(
    labels: Sequence[np.ndarray], batches: Iterable[Sequence[int]], num_classes: int
) -> ClassesPerBatch:
    """Count the classes in every batch.

    Args:
        labels: Labels of every image of the data set, by index; negative ones are ignored.
        batches: Indices of the images of every batch, as a batch sampler gives them; read once.
        num_classes: K.
    """
    whole = sum((_class_counts([part], num_classes) for part in labels), np.zeros(num_classes))
    present, batches_per_class = np.zeros(num_classes + 1, np.int64), np.zeros(num_classes, np.int64)
    entropies: list[float] = []
    distances: list[float] = []
    for batch in batches:
        counts = _class_counts([labels[index] for index in batch], num_classes)
        present[np.count_nonzero(counts)] += 1
        batches_per_class += counts > 0
        if (entropy := measure_balance(counts).entropy) is not None:  # None of a batch without objects
            entropies.append(entropy)
            distances.append(float(np.abs(counts / counts.sum() - whole / whole.sum()).sum() / 2))
    return ClassesPerBatch(int(present.sum()), present, batches_per_class, _mean(entropies), _mean(distances))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _class_counts(labels: Sequence[np.ndarray], num_classes: int) -> np.ndarray:
    together = np.concatenate([np.zeros(0, np.int64), *labels])
    return np.bincount(together[together >= 0], minlength=num_classes)
