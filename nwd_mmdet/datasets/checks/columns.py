"""A COCO annotation file as columns of numbers, in which what is no number is noted and not an error."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nwd_mmdet.datasets.checks.findings import Check, Finding, Reader

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Entry = dict[str, Any]

_LONGEST_EXAMPLE = 160  # characters
_LISTS = ('images', 'annotations', 'categories', 'licenses')


@dataclass(frozen=True)
class CocoColumns:
    """A COCO annotation file, in columns.

    Attributes:
        source: Where it comes from.
        images: Its images as they stand there; what is no object is an empty one.
        annotations: Its annotations, likewise.
        categories: Its categories, likewise.
        sizes: Shape [I, 2]: width and height of the images in px; NaN where they are no positive numbers.
        image: Shape [A]: position of each annotation's image; -1 where there is none.
        category: Shape [A]: position of its category; -1 where there is none.
        boxes: Shape [A, 4]: x, y, width, height in px; NaN where they are not four numbers.
        areas: Shape [A]: the area as annotated; NaN where it is no number.
        crowd: Shape [A]: whether ``iscrowd`` is set.
        ignore: Shape [A]: whether ``ignore`` is set.
        with_text: Rows of boxes that have text for numbers.
        not_four: Rows of boxes that are otherwise not four numbers.
        unread: Names and lengths of lists that are not COCO's.
    """

    source: str
    images: list[Entry]
    annotations: list[Entry]
    categories: list[Entry]
    sizes: FloatArray
    image: IntArray
    category: IntArray
    boxes: FloatArray
    areas: FloatArray
    crowd: BoolArray
    ignore: BoolArray
    with_text: list[int]
    not_four: list[int]
    unread: list[tuple[str, int]]

    @classmethod
    def of(cls, content: Any, source: str) -> 'CocoColumns':
        """Read a COCO data set.

        Args:
            content: What the JSON file holds.
            source: Its path.

        Raises:
            ValueError: No object with the lists ``images`` and ``categories``, or ``annotations`` that are no list.
        """
        if not isinstance(content, dict) or not all(isinstance(content.get(k), list) for k in ('images', 'categories')):
            raise ValueError(
                f"{source}: not a COCO data set, which is a JSON object with the lists 'images' and 'categories'"
            )
        if not isinstance(content.get('annotations', []), list):
            raise ValueError(f"{source}: 'annotations' is {content['annotations']!r}, and has to be a list")
        images, annotations, categories = (
            [entry if isinstance(entry, dict) else {} for entry in content.get(key, [])]
            for key in ('images', 'annotations', 'categories')
        )
        boxes, with_text, not_four = _boxes([a.get('bbox') for a in annotations])
        sides = [[_number(i.get('width')), _number(i.get('height'))] for i in images]
        sizes = np.array(sides, np.float64).reshape(-1, 2)
        sizes[~(sizes > 0) | np.isinf(sizes)] = np.nan
        return cls(
            source,
            images,
            annotations,
            categories,
            sizes,
            _positions([a.get('image_id') for a in annotations], [i.get('id') for i in images]),
            _positions([a.get('category_id') for a in annotations], [c.get('id') for c in categories]),
            boxes,
            np.array([_number(a.get('area')) for a in annotations], np.float64),
            np.array([bool(a.get('iscrowd')) for a in annotations], bool),
            np.array([bool(a.get('ignore')) for a in annotations], bool),
            with_text,
            not_four,
            [(key, len(value)) for key, value in content.items() if isinstance(value, list) and key not in _LISTS],
        )

    @property
    def names(self) -> list[str]:
        """Names of the categories, in the order of the file."""
        return [str(category.get('name')) for category in self.categories]

    @property
    def file_names(self) -> list[str]:
        """File names of the images that have one."""
        return [i['file_name'] for i in self.images if isinstance(i.get('file_name'), str)]

    @cached_property
    def corners(self) -> FloatArray:
        """Shape [A, 4]: the boxes as x1, y1, x2, y2 in px, as annotated."""
        with np.errstate(invalid='ignore'):  # inf - inf
            return np.concatenate([self.boxes[:, :2], self.boxes[:, :2] + self.boxes[:, 2:]], 1)

    @cached_property
    def limits(self) -> FloatArray:
        """Shape [A, 2]: width and height of each annotation's image; NaN where there is none."""
        sizes: FloatArray = np.concatenate([self.sizes, np.full((1, 2), np.nan)])  # -1 is the last
        return np.asarray(sizes[self.image])

    @cached_property
    def inside(self) -> FloatArray:
        """Shape [A, 2]: width and height of the part of each box that is inside its image, 0 or less outside."""
        corners = self.corners
        with np.errstate(invalid='ignore'):
            inside: FloatArray = np.minimum(corners[:, 2:], self.limits) - np.maximum(corners[:, :2], 0)
        return inside

    def in_classes(self, classes: Sequence[str]) -> BoolArray:
        """Shape [A]: whether annotations are of one of the classes."""
        ids = [category.get('id') for category in self.categories]
        chosen = [category_id for category_id, name in zip(ids, self.names) if name in classes]  # lists have no hash
        named = np.array([*(category_id in chosen for category_id in ids), False])  # -1 is the last
        return named[self.category]

    def finding(
        self, check: Check, entries: list[Entry], rows: Sequence[int] | BoolArray | IntArray, key: str, reader: Reader
    ) -> list[Finding]:
        """The finding of a check, in a list that is empty without rows.

        Args:
            check: What was looked for.
            entries: ``images``, ``annotations`` or ``categories``.
            rows: Which of them have it: a mask, or positions.
            key: What of the first of them is shown.
            reader: Which class reads the file.
        """
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        if not len(rows):
            return []
        return [
            Finding(check, self.source, len(rows), self._example(entries, int(rows[0]), key), check.fate_in(reader))
        ]

    def _example(self, entries: list[Entry], row: int, key: str) -> str:
        what = {id(self.images): 'image', id(self.annotations): 'annotation'}.get(id(entries), 'category')
        entry = entries[row]
        text = f'{what} {entry["id"]!r}' if 'id' in entry else f'{what} at position {row}'
        if what == 'annotation' and self.image[row] >= 0:
            text += f' of image {self.images[self.image[row]].get("file_name")!r}'
        elif what == 'image':
            text += f', {entry.get("file_name")!r}'
        text += f': {key} {entry[key]!r}' if key in entry else f' without {key}'
        return text if len(text) <= _LONGEST_EXAMPLE else f'{text[:_LONGEST_EXAMPLE]} …'


def repeating(values: Sequence[Any]) -> list[int]:
    """Positions of values that stood before; None and what has no hash are passed over."""
    seen: set[Hashable] = set()
    rows = []
    for row, value in enumerate(values):
        if isinstance(value, Hashable) and value is not None:
            if value in seen:
                rows.append(row)
            seen.add(value)
    return rows


def _number(value: Any) -> float:
    """A number as it is, everything else as NaN."""
    return value if isinstance(value, (int, float)) else float('nan')


def _positions(ids: list[Any], known: list[Any]) -> IntArray:
    """Position of each id among the known ones, the last of equal ones, as pycocotools has it; -1 for unknown."""
    position = {key: index for index, key in enumerate(known) if isinstance(key, Hashable) and key is not None}
    found = (position.get(key, -1) if isinstance(key, Hashable) else -1 for key in ids)  # lists have no hash
    return np.fromiter(found, np.int64, len(ids))


def _boxes(values: list[Any]) -> tuple[FloatArray, list[int], list[int]]:
    """Boxes as numbers, the rows with text, and the rows that are otherwise not four numbers."""
    try:
        boxes = np.array(values)
    except ValueError:  # of different lengths
        boxes = np.zeros(0)
    if boxes.dtype.kind in 'iuf' and boxes.shape == (len(values), 4):
        return boxes.astype(np.float64), [], []
    boxes, wrong = np.full((len(values), 4), np.nan), defaultdict(list)
    for row, value in enumerate(values):
        parts = value if isinstance(value, list) else [value]
        if len(parts) == 4 and all(isinstance(part, (int, float)) for part in parts):
            boxes[row] = parts
        else:
            wrong[any(isinstance(part, str) for part in parts)].append(row)
    return boxes, wrong[True], wrong[False]
