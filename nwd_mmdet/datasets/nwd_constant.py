"""Which C for NWD? The mean absolute object size of the training set, in network-input pixels."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from terminaltables import AsciiTable
from torch import Tensor

from nwd_mmdet.datasets.input_boxes import InputBoxes

# Where the mean size is above it, NWD was not measured to help: on DOTA (55 px), the NWD authors' logged Faster R-CNN
# falls from AP_50 59.4 to 58.3 with NWD in the RPN and C = 34. 32 px is where AI-TOD's "small" ends.
_LARGE = 32.0


@dataclass(frozen=True)
class SizeStatistics:
    """Absolute sizes √(wh) of a group of objects, in network-input px; NaN in a group without objects.

    Attributes:
        count: Number of objects.
        mean: The suggested C.
        std: Standard deviation.
        quartiles: The sizes that 25, 50 and 75 % of the objects stay below.
    """

    count: int
    mean: float
    std: float
    quartiles: tuple[float, float, float]

    @classmethod
    def of(cls, sizes: Tensor) -> 'SizeStatistics':
        """Statistics of sizes in px, shape [K]."""
        if not len(sizes):
            return cls(0, float('nan'), float('nan'), (float('nan'),) * 3)
        values = sizes.double().numpy()
        low, median, high = np.percentile(values, (25, 50, 75)).tolist()  # torch's stops at 16 million values
        return cls(len(values), float(values.mean()), float(values.std()), (low, median, high))


@dataclass(frozen=True)
class ConstantEstimate:
    """C for NWD, with what it is derived from.

    Attributes:
        overall: Statistics of all objects.
        classwise: Class name → statistics, in the order of the labels.
    """

    overall: SizeStatistics
    classwise: dict[str, SizeStatistics]

    @classmethod
    def of(cls, data: InputBoxes) -> 'ConstantEstimate':
        """Estimate C of a training set.

        Raises:
            ValueError: A training set without objects.
        """
        sizes = torch.cat([torch.zeros(0), *(image.sizes for image in data.images)])
        labels = torch.cat([torch.zeros(0, dtype=torch.long), *(image.labels for image in data.images)])
        if not len(sizes):
            raise ValueError(f'{len(data.images):,} images without any object: C cannot be estimated')
        classwise = {name: SizeStatistics.of(sizes[labels == label]) for label, name in enumerate(data.classes)}
        return cls(SizeStatistics.of(sizes), classwise)

    @property
    def constant(self) -> float:
        """The suggested C: the mean absolute size (NWD paper, section 3.2), to 0.1 px."""
        return _rounded(self.overall.mean)

    @property
    def classwise_constants(self) -> list[float]:
        """C of each class, by label, to 0.1 px; that of all objects where a class has none."""
        return [_rounded(part.mean) if part.count else self.constant for part in self.classwise.values()]

    def table(self) -> str:
        """A row for all objects and one per class."""
        rows = [['class', 'objects', 'mean √(wh)', 'std', '25 %', '50 %', '75 %', 'C']]
        groups = {'all': self.overall, **self.classwise}
        for (name, part), constant in zip(groups.items(), [self.constant, *self.classwise_constants]):
            numbers = (part.mean, part.std, *part.quartiles)
            cells = [f'{number:.1f}' for number in numbers] if part.count else ['-'] * len(numbers)
            rows.append([name, f'{part.count:,}', *cells, f'{constant:.1f}'])
        return str(AsciiTable(rows, 'Object sizes in network-input px').table)

    def remarks(self) -> list[str]:
        """What to know before the constant is used."""
        remarks = []
        if self.overall.mean > _LARGE:
            remarks.append(
                f'The mean size of {self.overall.mean:.0f} px is above {_LARGE:.0f} px. NWD is made for tiny objects; '
                "on DOTA (55 px) the authors' own runs lose AP with it. Try IoU first, or the overlap nwd_iou."
            )
        if empty := [name for name, part in self.classwise.items() if not part.count]:
            remarks.append(f'Classes without objects, given the C of all: {", ".join(empty)}.')
        return remarks

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for ``json.dump``; None for statistics of no objects."""
        return {
            'constant': self.constant,
            'classwise_constants': dict(zip(self.classwise, self.classwise_constants)),
            'overall': asdict(self.overall),
            'classwise': {name: asdict(part) if part.count else None for name, part in self.classwise.items()},
        }


def _rounded(size: float) -> float:
    return max(round(size, 1), 0.1)  # C must be positive
