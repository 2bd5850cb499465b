"""How balanced the priors are that a detector trains on: over background, classes, sizes, levels, overlaps and places.

Imbalance review (Oksuz et al., "Imbalance Problems in Object Detection"), sections 4.1, 5, 6.2, 6.3 and 6.5.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from nwd_mmdet.analysis.imbalance.balance import Histogram, Histogram2d
from nwd_mmdet.analysis.imbalance.prior_samples import NEGATIVE, PriorSamples
from nwd_mmdet.datasets.input_boxes import ImageBoxes
from nwd_mmdet.evaluation.coco_protocols import PROTOCOLS
from nwd_mmdet.overlaps import aligned

_OVERLAPS = np.linspace(0, 1, 21)
_RELATIVE = np.linspace(-1, 1, 41)
_PLACES = np.linspace(0, 1, 33)
_GRID = 64  # cells along a side of an image in which overlapping boxes are counted
_COVERAGE = np.arange(0, 5.25, 0.25)
_STATES = ('positive', 'negative', 'ignored')


class PriorStatistics:
    """Sums over images; memory does not grow with their number.

    Args:
        levels: Number of levels of the pyramid.
        classes: Number of classes.
        constant: C of the NWD of a positive prior and its object, in network-input px.
    """

    def __init__(self, levels: int, classes: int, constant: float = 12.8) -> None:
        self.images = 0
        self.constant = constant
        self._before, self._after = np.zeros((2, levels, 3))
        self._per_class = np.zeros(classes)
        self._limits = [low**0.5 for low, _ in PROTOCOLS['aitod'].sizes.values()]
        self._objects, self._without, self._positives = np.zeros((3, len(self._limits)))
        self._level_objects = np.zeros(levels)
        self._overlaps = {name: Histogram(_OVERLAPS) for name in ('iou', 'nwd')}
        self._relative = Histogram2d(_RELATIVE, _RELATIVE)
        self._places = Histogram2d(_PLACES, _PLACES)
        self._coverage = Histogram(_COVERAGE)

    def add(self, samples: PriorSamples, image: ImageBoxes) -> None:
        """Take an image."""
        self.images += 1
        levels, found = samples.levels, samples.gt_inds
        state = torch.where(found >= 0, 0, torch.where(found == NEGATIVE, 1, 2))
        for counts, rows in ((self._before, slice(None)), (self._after, samples.sampled)):
            counts += (
                torch.bincount(levels[rows] * 3 + state[rows], minlength=counts.size).reshape(counts.shape).numpy()
            )
        positive = found >= 0
        gts = found[positive]
        self._per_class += torch.bincount(image.labels[gts], minlength=len(self._per_class)).numpy()
        self._add_objects(gts, levels[positive], image)
        self._add_places(samples.priors[positive], image.boxes[gts], image)
        self._add_coverage(samples.priors[samples.sampled], image.shape)

    def _add_objects(self, gts: Tensor, levels: Tensor, image: ImageBoxes) -> None:
        per_object = torch.bincount(gts, minlength=len(image.boxes)).numpy()
        sizes = np.digitize(image.original_sizes.numpy(), self._limits) - 1
        for sums, values in (
            (self._objects, np.ones_like(per_object)),
            (self._without, per_object == 0),
            (self._positives, per_object),
        ):
            sums += np.bincount(sizes, values, minlength=len(sums))
        pairs = torch.unique(torch.stack([gts, levels], 1), dim=0)
        self._level_objects += torch.bincount(pairs[:, 1], minlength=len(self._level_objects)).numpy()

    def _add_places(self, priors: Tensor, objects: Tensor, image: ImageBoxes) -> None:
        self._overlaps['iou'].add(aligned('iou', priors, objects).numpy())
        self._overlaps['nwd'].add(aligned('nwd', priors, objects, constant=self.constant).numpy())
        sizes = (objects[:, 2:] - objects[:, :2]).clamp(min=1e-6)
        centres = (priors[:, :2] + priors[:, 2:]) / 2
        self._relative.add(*((centres - (objects[:, :2] + objects[:, 2:]) / 2) / sizes).T.numpy())
        self._places.add(*(centres / centres.new_tensor(image.shape[::-1])).T.numpy())

    def _add_coverage(self, boxes: Tensor, shape: tuple[int, int]) -> None:
        """Number of boxes over each cell of a grid, over its mean: corners of the sums, summed up along both axes."""
        scale = boxes.new_tensor([_GRID / shape[1], _GRID / shape[0]]).repeat(2)
        corners = (boxes * scale).round().long().clamp(0, _GRID)
        counts = torch.zeros((_GRID + 1) ** 2, dtype=torch.long)
        for x, y, sign in ((0, 1, 1), (2, 1, -1), (0, 3, -1), (2, 3, 1)):
            places = corners[:, y] * (_GRID + 1) + corners[:, x]
            counts += sign * torch.bincount(places, minlength=len(counts))
        covered = counts.reshape(_GRID + 1, -1).cumsum(0).cumsum(1)[:-1, :-1].double()
        if covered.any():
            self._coverage.add((covered / covered.mean()).numpy())

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for ``json.dump``.

        ``before`` and ``after`` sampling: number of ``positive``, ``negative`` and ``ignored`` priors of each level,
        per image. ``positives_per_class``. ``sizes``: for each of AI-TOD's sizes ``objects``, ``positives`` and objects
        ``without`` any. ``objects_per_level``: objects with a positive there. ``overlaps``: ``iou`` and ``nwd`` of
        positives with their objects. ``relative``: centres of positives around the object's centre, in its width and
        height. ``places``: centres of positives in the image. ``coverage``: cells of the image by the number of trained
        boxes over them, over the mean of the image.
        """
        count = max(self.images, 1)
        names = list(PROTOCOLS['aitod'].sizes)
        return {
            'images': self.images,
            **{
                key: {state: (counts[:, index] / count).tolist() for index, state in enumerate(_STATES)}
                for key, counts in (('before', self._before), ('after', self._after))
            },
            'positives_per_class': self._per_class.tolist(),
            'sizes': {
                name: {'objects': objects, 'positives': positives, 'without': without}
                for name, objects, positives, without in zip(
                    names, self._objects.tolist(), self._positives.tolist(), self._without.tolist()
                )
            },
            'objects_per_level': self._level_objects.tolist(),
            'overlaps': {name: histogram.as_dict() for name, histogram in self._overlaps.items()},
            'relative': self._relative.as_dict(),
            'places': self._places.as_dict(),
            'coverage': self._coverage.as_dict(),
        }
