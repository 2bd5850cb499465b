"""Ground truth and detections as arrays: what the evaluation works on, and how COCO JSON becomes it.

A detection costs 56 bytes here against some 2 kB as a dictionary, which the backends want: they get one class at a
time, so the peak is some 2 kB for each detection of the class that has most. Images and classes are positions (0, 1, …)
in the ground truth's lists, so ids may be any numbers or strings, and JSON order and label order cannot be mixed up.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Ids listed in an error message; a wrong file differs in thousands of them.
_MAX_LISTED = 5


@dataclass(frozen=True)
class GroundTruth:
    """Annotated objects of a data set.

    Attributes:
        image_ids: The ids of all images, I of them, also of those without objects, in ascending order.
        category_ids: The ids of all classes, K of them.
        category_names: Their names, in the same order, all different.
        image: Shape [G], int64: position in ``image_ids``.
        category: Shape [G], int64: position in ``category_ids``.
        boxes: Shape [G, 4], float64, x, y, width, height in px.
        areas: Shape [G], float64, px²: what the size bins go by.
        crowd: Shape [G], bool: regions where detections count neither as right nor as wrong (``iscrowd``).
    """

    image_ids: list[Hashable]
    category_ids: list[Hashable]
    category_names: list[str]
    image: IntArray
    category: IntArray
    boxes: FloatArray
    areas: FloatArray
    crowd: BoolArray

    @classmethod
    def from_coco(cls, dataset: dict[str, Any], source: str) -> 'GroundTruth':
        """Read a COCO data set.

        As in pycocotools, an ``ignore`` key of an annotation has no effect; ``iscrowd`` has. Where ``area`` is absent
        it is width times height, where ``iscrowd`` is absent it is 0; annotations of images that are not listed are
        left out; a log line says so.

        Args:
            dataset: The content of a COCO annotation file: ``images``, ``categories`` and ``annotations``.
            source: Where it comes from (a path), for messages.

        Raises:
            ValueError: If it is no COCO data set, a box is malformed (NaN, infinite, negative sides), class names
                repeat, or an annotation is of a class that is not listed.
        """
        if not isinstance(dataset, dict) or 'images' not in dataset or 'categories' not in dataset:
            raise ValueError(f"{source}: not a COCO data set, which is a JSON object with 'images' and 'categories'")
        image_ids = sorted({image['id'] for image in dataset['images']})
        annotations = _of_listed_images(dataset.get('annotations', []), set(image_ids), source)
        category_ids = [category['id'] for category in dataset['categories']]
        names = [str(category.get('name', category['id'])) for category in dataset['categories']]
        if len(set(names)) < len(names) or len(set(category_ids)) < len(names):
            raise ValueError(f'{source}: classes share a name or an id: {dict(zip(category_ids, names))}')
        boxes = _boxes_of(annotations, source)
        bad = ~np.isfinite(boxes).all(1) | (boxes[:, 2:] < 0).any(1)
        if bad.any():
            first = annotations[int(bad.argmax())]
            raise ValueError(f'{source}: {bad.sum():,} boxes are not finite or have a negative side, first {first}')
        for key, instead in (('area', 'width times height'), ('iscrowd', '0')):
            if missing := sum(key not in annotation for annotation in annotations):
                print_log(f"{source}: {missing:,} annotations have no '{key}'; taken as {instead}", logger='current')
        default_areas = (boxes[:, 2] * boxes[:, 3]).tolist()
        return cls(
            image_ids,
            category_ids,
            names,
            _positions((a['image_id'] for a in annotations), image_ids, 'image', source, source),
            _positions((a['category_id'] for a in annotations), category_ids, 'category', source, source),
            boxes,
            np.array([a.get('area', area) for a, area in zip(annotations, default_areas)], np.float64),
            np.array([a.get('iscrowd', 0) for a in annotations], bool),
        )

    def with_classes(self, names: Sequence[str]) -> 'GroundTruth':
        """Only the named classes, in the order given; objects of other classes are dropped, images stay.

        Raises:
            ValueError: If a class is unknown.
        """
        if unknown := [name for name in names if name not in self.category_names]:
            raise ValueError(
                f'the annotations have no class named {unknown}; they have {self.category_names}. '
                "Set metainfo=dict(classes=…) of the data set to the annotation file's names."
            )
        old = [self.category_names.index(name) for name in names]
        new_position = np.full(len(self.category_ids), -1)
        new_position[old] = np.arange(len(old))
        category, ids = new_position[self.category], [self.category_ids[i] for i in old]
        kept = replace(self, category=category, category_ids=ids, category_names=list(names))
        return kept.take(category >= 0)

    def take(self, rows: IntArray | BoolArray) -> 'GroundTruth':
        """The objects selected by a mask or by indices; images and classes stay."""
        columns = ('image', 'category', 'boxes', 'areas', 'crowd')
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class Detections:
    """Detections on the images and classes of a :class:`GroundTruth`.

    Attributes:
        image: Shape [D], int64: position in the ground truth's ``image_ids``.
        category: Shape [D], int64: position in its ``category_ids``.
        boxes: Shape [D, 4], float64, x, y, width, height in px.
        scores: Shape [D], float64; higher is surer.

    Raises:
        ValueError: If a box or score is NaN or infinite.
    """

    image: IntArray
    category: IntArray
    boxes: FloatArray
    scores: FloatArray

    def __post_init__(self) -> None:
        bad = np.flatnonzero(~(np.isfinite(self.boxes).all(1) & np.isfinite(self.scores)))
        if len(bad):
            first = bad[0]
            raise ValueError(
                f'{len(bad):,} of {len(self):,} detections hold NaN or infinite values, the first: box '
                f'{self.boxes[first].tolist()}, score {self.scores[first]}. Did the training diverge?'
            )

    @classmethod
    def from_coco(cls, results: list[dict[str, Any]], ground_truth: GroundTruth, source: str) -> 'Detections':
        """Read detections in COCO's result format.

        Args:
            results: One dictionary per detection with ``image_id``, ``category_id``, ``bbox`` (x, y, width, height in
                px) and ``score``.
            ground_truth: What they are to be compared with.
            source: Where they come from (a path), for messages.

        Raises:
            ValueError: If it is no such list, or a detection is of an image or class the ground truth does not have.
        """
        keys = ('image_id', 'category_id', 'bbox', 'score')
        if not isinstance(results, list) or not all(isinstance(r, dict) and r.keys() >= set(keys) for r in results):
            raise ValueError(f'{source}: not COCO detections, which are a JSON list of objects with the keys {keys}')
        annotated = 'the ground truth'
        image = _positions((r['image_id'] for r in results), ground_truth.image_ids, 'image', source, annotated)
        category = _positions(
            (r['category_id'] for r in results), ground_truth.category_ids, 'category', source, annotated
        )
        return cls(image, category, _boxes_of(results, source), np.array([r['score'] for r in results], np.float64))

    def best_per_image(self, count: int) -> 'Detections':
        """The ``count`` best of each image, by image and descending score; equal scores keep their order."""
        ordered = self.take(np.lexsort((-self.scores, self.image)))
        rank = np.arange(len(ordered)) - np.searchsorted(ordered.image, ordered.image)
        return ordered.take(rank < count)

    def take(self, rows: IntArray | BoolArray) -> 'Detections':
        """The detections selected by a mask or by indices."""
        return Detections(self.image[rows], self.category[rows], self.boxes[rows], self.scores[rows])

    def __len__(self) -> int:
        return len(self.boxes)


def xyxy_of(boxes: FloatArray) -> FloatArray:
    """Corners of boxes given by corner and size, both of shape [N, 4]."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def xywh_of(boxes: FloatArray) -> FloatArray:
    """Corner and size of boxes given by their corners, both of shape [N, 4]."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _of_listed_images(annotations: list[dict[str, Any]], image_ids: set[Hashable], source: str) -> list[dict[str, Any]]:
    """Without the annotations of images that are not listed, which the data set and pycocotools leave out as well."""
    kept = [annotation for annotation in annotations if annotation['image_id'] in image_ids]
    if unlisted := len(annotations) - len(kept):
        print_log(
            f'{source}: {unlisted:,} annotations belong to no image of the file and are left out', logger='current'
        )
    return kept


def _boxes_of(entries: Sequence[dict[str, Any]], source: str) -> FloatArray:
    try:
        return np.array([entry['bbox'] for entry in entries], np.float64).reshape(len(entries), 4)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{source}: every entry needs 'bbox' as [x, y, width, height] ({error!r})") from error


def _positions(ids: Iterable[Hashable], known: Sequence[Hashable], kind: str, source: str, where: str) -> IntArray:
    """Positions of ``ids`` in ``known`` as int64; raise ValueError, naming ``source`` and the ids, if any is not."""
    position = {key: index for index, key in enumerate(known)}
    ids = list(ids)
    found = np.array([position.get(key, -1) for key in ids], np.int64)
    if (found < 0).any():
        unknown = list(dict.fromkeys(key for key in ids if key not in position))
        raise ValueError(
            f'{source}: {(found < 0).sum():,} entries have {len(unknown):,} {kind} ids that {where} does not list: '
            f'{unknown[:_MAX_LISTED]}{" …" if len(unknown) > _MAX_LISTED else ""}. It lists {len(known):,}, '
            f'for example {list(known[:_MAX_LISTED])}. Do both files belong to the same data set and split?'
        )
    return found
