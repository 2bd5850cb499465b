"""Where boxes lie and how large they are, over all boxes of a file at once."""

from collections.abc import Iterator, Sequence

import numpy as np

from nwd_mmdet.datasets.checks.columns import BoolArray, CocoColumns, IntArray
from nwd_mmdet.datasets.checks.findings import REFUSED, Check, Fate, Finding, Level, Reader

#: Boxes with less of this inside their image, in px of either side, are dropped, as mmdet does.
SMALLEST = 1.0
_BORDER = 1.0  # px by which a box may leave its image before it is told, as rounding makes it

# A file is taken for one of corners where all its boxes could be corners and so many are beyond their image otherwise;
# single boxes are told where they are no accident of the border.
_CORNERS_FROM, _CORNERS_BEYOND, _TOLD_FROM = 10, 0.1, 0.02

_DROPPED = Fate(Level.LOSS, 'the boxes are dropped and counted')
_SILENTLY = Fate(Level.LOSS, 'the boxes are dropped without a word')
_AS_XYWH = 'write [x, y, width, height], which are [x1, y1, x2 - x1, y2 - y1] of corners'

NOT_FINITE = Check(
    'not-finite',
    'boxes with NaN or an infinite number',
    REFUSED,
    'correct the numbers, or take the annotations out',
    Fate(Level.ERROR, 'NaN is dropped without a word, a box of infinite size is learned'),
)
CORNERS = Check(
    'corners-for-sizes',
    'boxes in a file that has corners (x1, y1, x2, y2) where COCO has sizes, by all signs',
    Fate(Level.ERROR, 'boxes reach from their corner to twice its distance, and are cut at the border of the image'),
    _AS_XYWH,
)
SOME_CORNERS = Check(
    'some-corners-for-sizes',
    'boxes that leave their image, and would not if they were corners (x1, y1, x2, y2)',
    Fate(Level.HINT, 'boxes are cut at the border of the image'),
    f'look at some of them; if they are corners, {_AS_XYWH}',
)
FRACTIONS = Check(
    'fractions-for-pixels',
    'boxes of numbers from 0 to 1, in a file where most are',
    Fate(Level.ERROR, 'the boxes are dropped as smaller than 1 px'),
    'multiply by width and height of the image; YOLO has the centre first, COCO the upper left corner',
)
NO_EXTENT = Check(
    'no-extent', 'boxes whose width or height is 0 or less', _DROPPED, 'correct them or take them out', _SILENTLY
)
UNDER_1_PX = Check(
    'under-1-px',
    'boxes of which less than 1 px of width or height is in the image',
    _DROPPED,
    'correct them, take them out, or enlarge images and boxes',
    Fate(Level.LOSS, 'dropped without a word where the box itself is under 1 px, else kept with what is outside'),
)
OUTSIDE = Check(
    'outside',
    'boxes wholly outside their image',
    _DROPPED,
    'take them out, unless width and height of the image are wrong, or x and y are not the upper left corner',
    _SILENTLY,
)
PARTLY_OUTSIDE = Check(
    'partly-outside',
    'boxes that leave their image by more than 1 px',
    Fate(Level.HINT, 'boxes are cut at the border of the image'),
    'cut them, so that all tools see the same objects',
    Fate(Level.HINT, 'kept whole until Resize cuts them'),
)
AREA_NOT_POSITIVE = Check(
    'area-not-positive',
    'annotations whose area is 0 or less while their box has one',
    Fate(Level.HINT, "nothing, the box's area is taken; evaluation counts the object by the annotated area"),
    'write area, which is width times height for boxes',
    _SILENTLY,
)
AREA_TOO_LARGE = Check(
    'area-too-large',
    'annotations whose area is larger than their box',
    Fate(Level.HINT, 'nothing; evaluation puts the object among larger ones than it is'),
    'write area in px² of this image, as after a resize',
)
DUPLICATES = Check(
    'duplicate-boxes',
    'boxes that repeat another of the same image and class',
    Fate(Level.HINT, 'learned twice; in evaluation one of them counts as missed'),
    'take the copies out',
)
SEVERAL_CLASSES = Check(
    'several-classes',
    'boxes that another class of the same image has too',
    Fate(Level.HINT, 'the detector is asked for two classes in one place'),
    'decide on one',
)
CROWDS = Check(
    'crowds',
    'annotations with iscrowd',
    Fate(Level.HINT, 'not learned: regions to ignore, which assigners look at with ignore_iof_thr alone'),
    'nothing, if regions without single objects are meant',
)
IGNORED = Check(
    'ignored',
    'annotations with ignore',
    Fate(Level.HINT, 'not learned: regions to ignore, as those with iscrowd'),
    'nothing, if they are meant to be ignored; with CocoDataset, set iscrowd',
    Fate(Level.LOSS, 'dropped without a word, and what they show is learned as background'),
)

CHECKS = (
    *(NOT_FINITE, CORNERS, SOME_CORNERS, FRACTIONS, NO_EXTENT, UNDER_1_PX, OUTSIDE, PARTLY_OUTSIDE),
    *(AREA_NOT_POSITIVE, AREA_TOO_LARGE, DUPLICATES, SEVERAL_CLASSES, CROWDS, IGNORED),
)

#: Errors that are inferred from many boxes, and may be none.
GUESSES = (CORNERS, FRACTIONS)


def handed_on(columns: CocoColumns, classes: Sequence[str], reader: Reader) -> BoolArray:
    """Which annotations a data set makes instances of, those to ignore included.

    Args:
        columns: The file.
        classes: Those of the data set.
        reader: ``COCO`` goes by the rules of mmdet's CocoDataset, ``OTHER`` hands everything on, else
            CheckedCocoDataset's rule holds: a pixel of each side is inside the image.

    Returns:
        Shape [A].
    """
    if reader is Reader.OTHER:
        return np.ones(len(columns.annotations), bool)
    kept: BoolArray = columns.in_classes(classes) & (columns.image >= 0)
    if reader is not Reader.COCO:
        return kept & _every(columns.inside >= SMALLEST)
    sides = columns.boxes[:, 2:]
    kept &= _every(columns.inside > 0) & _every(sides >= SMALLEST)
    return kept & ~(columns.areas <= 0) & ~columns.ignore


def check_boxes(columns: CocoColumns, reader: Reader) -> Iterator[Finding]:
    """Look at the numbers of all boxes."""
    boxes, inside, corners = columns.boxes, columns.inside, columns.corners

    def found(check: Check, rows: BoolArray, key: str = 'bbox') -> list[Finding]:
        return columns.finding(check, columns.annotations, rows, key, reader)

    wrong = np.zeros(len(boxes), bool)
    wrong[[*columns.with_text, *columns.not_four]] = True
    finite = _every(np.isfinite(boxes))
    yield from found(NOT_FINITE, ~finite & ~wrong)
    as_corners, beyond = _as_corners(columns)
    fractions = finite & _every((boxes >= 0) & (boxes <= 1)) & _every(boxes[:, 2:] > 0)
    if fractions.sum() * 2 > len(boxes):
        yield from found(FRACTIONS, fractions)
    elif finite.sum() >= _CORNERS_FROM and as_corners[finite].all() and beyond.mean() >= _CORNERS_BEYOND:
        yield from found(CORNERS, as_corners)
    elif beyond.sum() >= max(_TOLD_FROM * len(boxes), 1):
        yield from found(SOME_CORNERS, beyond)
    extended = finite & _every(boxes[:, 2:] > 0)
    outside = extended & _some(inside <= 0)
    yield from found(NO_EXTENT, finite & ~extended)
    yield from found(OUTSIDE, outside)
    yield from found(UNDER_1_PX, extended & ~outside & _some(inside < SMALLEST))
    leaves = _some(corners[:, :2] < -_BORDER) | _some(corners[:, 2:] > columns.limits + _BORDER)
    yield from found(PARTLY_OUTSIDE, extended & _every(inside > 0) & leaves)
    own_area = boxes[:, 2] * boxes[:, 3]
    yield from found(AREA_NOT_POSITIVE, extended & (columns.areas <= 0), 'area')
    yield from found(AREA_TOO_LARGE, extended & (columns.areas > 1.05 * own_area + 1), 'area')
    placed = np.flatnonzero(finite & (columns.image >= 0) & (columns.category >= 0))
    yield from found(DUPLICATES, _repeating_rows(columns, placed, with_class=True))
    yield from found(SEVERAL_CLASSES, _repeating_rows(columns, placed, with_class=False), 'category_id')
    yield from found(CROWDS, columns.crowd, 'iscrowd')
    yield from found(IGNORED, columns.ignore, 'ignore')


def _as_corners(columns: CocoColumns) -> tuple[BoolArray, BoolArray]:
    """Which boxes are possible as corners inside the image, and which of these leave it as sizes."""
    boxes, limits = columns.boxes, columns.limits
    in_order = _every(boxes[:, 2:] > boxes[:, :2])
    possible = in_order & _every(boxes[:, 2:] <= limits + _BORDER) & _every(boxes >= 0)
    return possible, possible & _some(columns.corners[:, 2:] > limits + _BORDER)


def _every(values: BoolArray) -> BoolArray:
    """Rows in which all values are true."""
    return np.asarray(values.all(axis=1))


def _some(values: BoolArray) -> BoolArray:
    """Rows in which a value is true."""
    return np.asarray(values.any(axis=1))


def _repeating_rows(columns: CocoColumns, rows: IntArray, with_class: bool) -> BoolArray:
    """Which boxes stood before in the same image, in the same class or in another alone."""
    keys = np.column_stack([columns.image[rows], columns.boxes[rows], columns.category[rows]])
    order = np.lexsort((rows, *keys.T[::-1]))
    same = (np.diff(keys[order], axis=0) == 0) if len(order) else np.zeros((0, 6), bool)
    repeats = np.zeros(len(columns.annotations), bool)
    found = same.all(axis=1) if with_class else same[:, :5].all(axis=1) & ~same[:, 5]
    repeats[rows[order[1:][found]]] = True
    return repeats
