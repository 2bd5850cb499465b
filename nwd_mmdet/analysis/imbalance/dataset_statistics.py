"""The imbalance of a data set, from its annotations alone: classes, sizes and places.

The statistics of the imbalance review (Oksuz et al., "Imbalance Problems in Object Detection: A Review", sections 4.2,
5.1 and 6.3; Figures 5, 6, 7 and 13). Beside what is handed in, memory does not grow with the number of images.
"""

import copy
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmdet.datasets import BaseDetDataset

from nwd_mmdet.analysis.imbalance.balance import Balance, Histogram, Histogram2d, measure_balance
from nwd_mmdet.evaluation.coco_protocols import PROTOCOLS

# Lengths double in four bins: from 1 to 8192 px, and from 1/1024 of the image to all of it.
_ABSOLUTE = 2.0 ** np.arange(0, 13.25, 0.25)
_RELATIVE = 2.0 ** np.arange(-10, 0.25, 0.25)
_HEAT_MAP = np.linspace(0, 1, 33)
_BINNED_BY = ('aitod', 'coco')
_PART = 256  # images whose boxes are held at a time


@dataclass(frozen=True)
class ImageObjects:
    """The annotations of an image.

    Attributes:
        width: Of the image in px, None if unknown.
        height: Likewise.
        boxes: Shape [K, 4], xyxy in px.
        labels: Shape [K], int64; -1 of regions to ignore.
    """

    width: float | None
    height: float | None
    boxes: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class DatasetStatistics:
    """What a data set holds. Regions to ignore (crowds) are counted in ``ignored`` and nowhere else.

    Attributes:
        classes: Names of the K classes, by label.
        images: Number of images.
        images_without_size: Those whose width or height is not known; their objects are ``undefined`` in all that is
            relative to the image.
        objects: Number of objects.
        ignored: Number of regions to ignore.
        without_area: Objects of no width or no height. They are in all counts, and ``below`` the bins of lengths.
        objects_per_class: Shape [K], int64 (Fig. 5a).
        images_per_class: Shape [K], int64: images with an object of the class.
        objects_per_image: Shape [most + 1], int64: entry n is the number of images with n objects (Fig. 5b).
        classes_per_image: Shape [K + 1], int64: entry n is the number of images with n classes (Fig. 5c).
        lengths: ``width``, ``height``, ``sqrt_area`` in px and ``area`` in px² → distribution.
        relative_lengths: The same over the image's width, height, √area and area (Fig. 7); above 1 is ``above``.
        size_bins: ``aitod``, ``coco`` → name of the size → number of objects, by the areas of the boxes. An object on a
            limit is of the larger size, so that the sum is ``objects``.
        centres: Centres over the normalised image (Fig. 13); those outside the image are ``outside``.
        relative_sizes: Relative widths (x) and heights (y).
    """

    classes: tuple[str, ...]
    images: int
    images_without_size: int
    objects: int
    ignored: int
    without_area: int
    objects_per_class: np.ndarray
    images_per_class: np.ndarray
    objects_per_image: np.ndarray
    classes_per_image: np.ndarray
    lengths: dict[str, Histogram]
    relative_lengths: dict[str, Histogram]
    size_bins: dict[str, dict[str, int]]
    centres: Histogram2d
    relative_sizes: Histogram2d

    def balance(self) -> dict[str, Balance]:
        """How balanced classes, sizes and places are.

        Keys: ``objects_per_class``, ``images_per_class``, ``size_aitod``, ``size_coco`` (ordered), ``centres``.
        """
        sizes = {
            f'size_{name}': measure_balance(list(bins.values()), ordered=True) for name, bins in self.size_bins.items()
        }
        return {
            'objects_per_class': measure_balance(self.objects_per_class),
            'images_per_class': measure_balance(self.images_per_class),
            **sizes,
            'centres': self.centres.balance(),
        }

    def as_dict(self) -> dict[str, Any]:
        """Every number and ``balance``, ready for ``json.dump``: finite numbers and None."""
        content: dict[str, Any] = {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()
        }
        content['classes'] = list(self.classes)
        for name in ('lengths', 'relative_lengths'):
            content[name] = {key: histogram.as_dict() for key, histogram in content[name].items()}
        for name in ('centres', 'relative_sizes'):
            content[name] = content[name].as_dict()
        return {**content, 'balance': {name: balance.as_dict() for name, balance in self.balance().items()}}


def statistics_of_images(images: Iterable[ImageObjects], classes: Sequence[str]) -> Iterator[DatasetStatistics]:
    """Statistics of a data set, one image after the other: those so far, every few hundred; the last are of all.

    Args:
        images: Of every image, as :func:`images_of` makes them of an mmdet data set.
        classes: Names by label.

    Raises:
        ValueError: Boxes that are not finite or have x2 < x1 or y2 < y1, or labels without a class.
    """
    collector = _Collector(classes)
    remaining = iter(images)
    while part := list(itertools.islice(remaining, _PART)):
        collector.add(part)
        yield collector.result()
    if not collector.images:
        yield collector.result()


def images_of(dataset: BaseDetDataset) -> Iterator[ImageObjects]:
    """The annotations of an mmdet data set, also of a wrapper such as ClassBalancedDataset, without its pipeline."""
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        instances = info['instances']
        boxes = np.array([instance['bbox'] for instance in instances], np.float64).reshape(-1, 4)
        labels = [-1 if instance.get('ignore_flag') else instance['bbox_label'] for instance in instances]
        yield ImageObjects(info.get('width'), info.get('height'), boxes, np.array(labels, np.int64))


class _Collector:
    """Statistics in the making."""

    def __init__(self, classes: Sequence[str]) -> None:
        count = len(classes)
        self.classes = tuple(classes)
        self.images = self.images_without_size = self.ignored = self.without_area = 0
        self.objects_per_class, self.images_per_class = np.zeros((2, count), np.int64)
        self.objects_per_image: np.ndarray = np.zeros(1, np.int64)
        self.classes_per_image = np.zeros(count + 1, np.int64)
        self.lengths, self.relative_lengths = _length_histograms(_ABSOLUTE), _length_histograms(_RELATIVE)
        self.size_bins = {name: np.zeros(len(PROTOCOLS[name].sizes), np.int64) for name in _BINNED_BY}
        self.centres = Histogram2d(_HEAT_MAP, _HEAT_MAP)
        self.relative_sizes = Histogram2d(_RELATIVE, _RELATIVE)

    def add(self, images: Sequence[ImageObjects]) -> None:
        """Add some images.

        Raises:
            ValueError: As :func:`statistics_of_images`.
        """
        sizes = np.array([(image.width, image.height) for image in images], np.float64)
        image = np.repeat(np.arange(len(images)), [len(image.boxes) for image in images])
        boxes = np.concatenate([np.asarray(image.boxes, np.float64).reshape(-1, 4) for image in images])
        labels = np.concatenate([np.asarray(image.labels, np.int64).reshape(-1) for image in images])
        _check(boxes, labels, len(self.classes))
        counted = labels >= 0
        image, boxes, labels = image[counted], boxes[counted], labels[counted]
        known = (sizes > 0).all(1, keepdims=True)
        sizes = np.where(known, sizes, np.nan)
        self.images += len(sizes)
        self.images_without_size += int((~known).sum())
        self.ignored += int((~counted).sum())
        self._add_classes(image, labels, len(sizes))
        lengths = boxes[:, 2:] - boxes[:, :2]
        self.without_area += int((lengths == 0).any(1).sum())
        relative = lengths / sizes[image]
        _add_lengths(self.lengths, lengths)
        _add_lengths(self.relative_lengths, relative)
        self.relative_sizes.add(*relative.T)
        self.centres.add(*((boxes[:, :2] + boxes[:, 2:]) / 2 / sizes[image]).T)
        for name, counts in self.size_bins.items():
            limits = [low for low, _ in PROTOCOLS[name].sizes.values()][1:]
            counts += np.bincount(np.digitize(lengths.prod(1), limits), minlength=len(counts))

    def _add_classes(self, image: np.ndarray, labels: np.ndarray, images: int) -> None:
        count = len(self.classes)
        self.objects_per_class += np.bincount(labels, minlength=count)
        objects = np.bincount(np.bincount(image, minlength=images), minlength=len(self.objects_per_image))
        objects[: len(self.objects_per_image)] += self.objects_per_image
        self.objects_per_image = objects
        pairs = np.unique(image * count + labels)  # each class of an image once
        self.images_per_class += np.bincount(pairs % max(count, 1), minlength=count)
        present = np.bincount(pairs // max(count, 1), minlength=images)
        self.classes_per_image += np.bincount(present, minlength=count + 1)

    def result(self) -> DatasetStatistics:
        """The statistics so far, which what is added later leaves as they are."""
        sizes = {name: dict(zip(PROTOCOLS[name].sizes, bins.tolist())) for name, bins in self.size_bins.items()}
        content = copy.deepcopy(vars(self))
        return DatasetStatistics(**{**content, 'size_bins': sizes}, objects=int(self.objects_per_class.sum()))


def _length_histograms(edges: np.ndarray) -> dict[str, Histogram]:
    return {name: Histogram(edges**2 if name == 'area' else edges) for name in ('width', 'height', 'sqrt_area', 'area')}


def _add_lengths(histograms: dict[str, Histogram], lengths: np.ndarray) -> None:
    """Add widths and heights, shape [G, 2]."""
    areas = lengths.prod(1)
    for name, values in zip(histograms, (*lengths.T, np.sqrt(areas), areas)):
        histograms[name].add(values)


def _check(boxes: np.ndarray, labels: np.ndarray, count: int) -> None:
    bad = ~np.isfinite(boxes).all(1) | (boxes[:, 2:] < boxes[:, :2]).any(1)
    if bad.any():
        raise ValueError(f'{bad.sum():,} boxes are not finite or have x2 < x1 or y2 < y1, first {boxes[bad][0]}')
    if len(labels) != len(boxes) or (labels >= count).any():
        raise ValueError(
            f'{len(boxes):,} boxes with {len(labels):,} labels up to {max(labels, default=-1)}: each box '
            f'needs one of the {count} classes, or -1'
        )
