"""The imbalance of a data set, from its annotations alone: classes, sizes and places.

The statistics of the imbalance review (Oksuz et al., "Imbalance Problems in Object Detection: A Review", sections 4.2,
5.1 and 6.3; Figures 5, 6, 7 and 13). Beside what is handed in, memory does not grow with the number of images.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmdet.datasets import BaseDetDataset

from nwd_mmdet.analysis.imbalance.balance import Balance, Histogram, Histogram2d, measure_balance
from nwd_mmdet.evaluation.coco_arrays import GroundTruth
from nwd_mmdet.evaluation.coco_protocols import PROTOCOLS

#: Width and height of an image in px, None if unknown; its boxes, shape [K, 4], xyxy in px; labels, shape [K], -1 of
#: regions to ignore.
ImageObjects = tuple[float | None, float | None, np.ndarray, np.ndarray]

# Lengths double in four bins: from 1 to 8192 px, and from 1/1024 of the image to all of it.
_ABSOLUTE = 2.0 ** np.arange(0, 13.25, 0.25)
_RELATIVE = 2.0 ** np.arange(-10, 0.25, 0.25)
_HEAT_MAP = np.linspace(0, 1, 33)
_BINNED_BY = ('aitod', 'coco')
_PART = 256  # images whose boxes are held at a time


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
        size_bins: ``aitod``, ``coco`` → name of the size → number of objects, by the annotations' areas as in the
            evaluation. An object on a limit is of the larger size, so that the sum is ``objects``.
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


def statistics_of_coco(dataset: dict[str, Any], source: str) -> DatasetStatistics:
    """Statistics of a COCO annotation file.

    Boxes are taken as they stand in the file. Crowds (``iscrowd``) and annotations marked ``ignore`` are regions to
    ignore. Labels are the positions of the classes in ``categories``.

    Args:
        dataset: Content of the file: ``images``, ``categories`` and ``annotations``. Images may lack ``width`` and
            ``height``.
        source: Where it comes from (a path), for messages.

    Raises:
        ValueError: No COCO data set, or malformed boxes, as in
            :meth:`~nwd_mmdet.evaluation.coco_arrays.GroundTruth.from_coco`.
    """
    annotated = GroundTruth.from_coco(dataset, source)
    listed = set(annotated.image_ids)
    marked = [bool(a.get('ignore')) for a in dataset.get('annotations', []) if a['image_id'] in listed]
    labels = np.where(annotated.crowd | np.array(marked, bool), -1, annotated.category)
    sizes = {image['id']: (image.get('width'), image.get('height')) for image in dataset['images']}
    corners = np.concatenate([annotated.boxes[:, :2], annotated.boxes[:, :2] + annotated.boxes[:, 2:]], 1)
    collector = _Collector(annotated.category_names)
    image_sizes = np.array([sizes[key] for key in annotated.image_ids], np.float64).reshape(-1, 2)
    collector.add(image_sizes, annotated.image, corners, annotated.areas, labels)
    return collector.result()


def statistics_of_images(images: Iterable[ImageObjects], classes: Sequence[str]) -> DatasetStatistics:
    """Statistics of any data set, one image after the other.

    Args:
        images: Width, height, boxes and labels of every image; see :data:`ImageObjects`. :func:`images_of` makes them
            of an mmdet data set. Size bins go by the areas of the boxes. If the iterable ends early, the statistics
            are those of what it gave.
        classes: Names by label.

    Raises:
        ValueError: Boxes that are not finite or have x2 < x1 or y2 < y1, or labels without a class.
    """
    collector = _Collector(classes)
    remaining = iter(images)
    while part := list(itertools.islice(remaining, _PART)):
        sizes = np.array([image[:2] for image in part], np.float64)
        boxes = np.concatenate([np.asarray(image[2], np.float64).reshape(-1, 4) for image in part])
        labels = np.concatenate([np.asarray(image[3], np.int64).reshape(-1) for image in part])
        image = np.repeat(np.arange(len(part)), [len(entry[2]) for entry in part])
        collector.add(sizes, image, boxes, (boxes[:, 2:] - boxes[:, :2]).prod(1), labels)
    return collector.result()


def images_of(dataset: BaseDetDataset) -> Iterator[ImageObjects]:
    """The annotations of an mmdet data set, also of a wrapper such as ClassBalancedDataset, without its pipeline."""
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        instances = info['instances']
        boxes = np.array([instance['bbox'] for instance in instances], np.float64).reshape(-1, 4)
        labels = [-1 if instance.get('ignore_flag') else instance['bbox_label'] for instance in instances]
        yield info.get('width'), info.get('height'), boxes, np.array(labels, np.int64)


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

    def add(
        self, sizes: np.ndarray, image: np.ndarray, boxes: np.ndarray, areas: np.ndarray, labels: np.ndarray
    ) -> None:
        """Add some images.

        Args:
            sizes: Shape [I, 2]: widths and heights in px; NaN or not positive if unknown.
            image: Shape [G]: position of the objects' images in ``sizes``.
            boxes: Shape [G, 4], xyxy in px.
            areas: Shape [G], px²: what the size bins go by.
            labels: Shape [G]; -1 of regions to ignore.

        Raises:
            ValueError: As :func:`statistics_of_images`.
        """
        _check(boxes, labels, len(self.classes))
        counted = labels >= 0
        image, boxes, areas, labels = image[counted], boxes[counted], areas[counted], labels[counted]
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
            counts += np.bincount(np.digitize(areas, limits), minlength=len(counts))

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
        """The statistics so far."""
        sizes = {name: dict(zip(PROTOCOLS[name].sizes, bins.tolist())) for name, bins in self.size_bins.items()}
        return DatasetStatistics(**{**vars(self), 'size_bins': sizes}, objects=int(self.objects_per_class.sum()))


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
