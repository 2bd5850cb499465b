"""What the entries of a COCO file hold: keys, types, ids."""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from nwd_mmdet.datasets.checks.columns import CocoColumns, repeating
from nwd_mmdet.datasets.checks.findings import REFUSED, Check, Fate, Finding, Level, Reader

_DIES = 'loading ends with'

NO_COCO = Check(
    'no-coco-file',
    'annotation files that cannot be read',
    REFUSED,
    "write a JSON object with the lists 'images', 'annotations' and 'categories'",
    Fate(Level.ERROR, f'{_DIES} an error'),
)
NO_IMAGES = Check(
    'no-images-listed',
    'files that list no image',
    REFUSED,
    'list the images, each with id, file_name, width and height',
    Fate(Level.ERROR, f'{_DIES} "need at least one array to concatenate"'),
)
MISSING_KEYS = Check(
    'missing-keys',
    'images, annotations or categories without an id, name, image_id or category_id',
    REFUSED,
    'write the key; an image needs id, file_name, width, height, an annotation id, image_id, category_id, bbox, '
    'a category id and name',
    Fate(Level.ERROR, f'{_DIES} KeyError'),
)
NO_SIZE = Check(
    'no-image-size',
    'images whose width or height is missing, text or not positive',
    REFUSED,
    'write the sizes of the image files as numbers',
    Fate(Level.ERROR, f'{_DIES} KeyError or TypeError, and every box of an image of size 0 is dropped'),
)
TEXT_BOXES = Check(
    'text-in-boxes',
    'boxes with text where numbers belong',
    REFUSED,
    'write numbers, without quotation marks',
    Fate(Level.ERROR, f'{_DIES} TypeError'),
)
NOT_FOUR = Check(
    'boxes-not-four',
    'boxes that are missing, null or not of four numbers',
    REFUSED,
    'write bbox as [x, y, width, height]; take out annotations without a box',
    Fate(Level.ERROR, f'{_DIES} KeyError, TypeError or ValueError'),
)
TEXT_FLAGS = Check(
    'text-in-flags',
    'annotations whose iscrowd or ignore is text',
    Fate(Level.LOSS, "any text counts as true, '0' too: the box becomes an ignored region"),
    'write 0 or 1, without quotation marks',
    Fate(Level.LOSS, "any text counts as true, '0' too: not learned, as a crowd or dropped"),
)
NO_AREA = Check(
    'no-area',
    'annotations whose area is missing or no number',
    Fate(Level.HINT, 'nothing, the area of the box is taken'),
    'write area, which is width times height for boxes; or use CheckedCocoDataset',
    Fate(Level.ERROR, f"{_DIES} KeyError: 'area' or TypeError"),
)
IMAGE_IDS = Check(
    'image-ids-repeat',
    'images whose id another has',
    REFUSED,
    'number the images anew, and image_id of the annotations with them',
    Fate(Level.ERROR, 'the last image with the id gets the boxes of all, the others are gone'),
)
ANNOTATION_IDS = Check(
    'annotation-ids-repeat',
    'annotations whose id another has',
    REFUSED,
    'number the annotations anew',
    Fate(Level.ERROR, f'{_DIES} AssertionError'),
)
CATEGORY_IDS = Check(
    'category-ids-repeat',
    'categories whose id another has',
    REFUSED,
    'number the categories anew, and category_id of the annotations with them',
    Fate(Level.ERROR, 'boxes get the label of the last category with the id'),
)
CATEGORY_NAMES = Check(
    'category-names-repeat',
    'categories whose name another has',
    REFUSED,
    'merge them, or give each a name of its own',
    Fate(Level.ERROR, 'all later labels are shifted by one, beyond the classes of the model'),
)
FILE_NAMES = Check(
    'file-names-repeat',
    'images whose file another has',
    Fate(Level.HINT, 'the file is learned several times, each time with the boxes of one entry, the others background'),
    'merge the entries into one',
)
IMAGE_ID_TYPES = Check(
    'image-id-types',
    "annotations whose image_id is an image's id as another type, '1' for 1",
    REFUSED,
    'write both as numbers, or both as text',
    Fate(Level.ERROR, 'the boxes are left out without a word, their images learned as background'),
)
CATEGORY_ID_TYPES = Check(
    'category-id-types',
    "annotations whose category_id is a category's id as another type, '1' for 1",
    REFUSED,
    'write both as numbers, or both as text',
    Fate(Level.ERROR, 'the boxes are left out without a word'),
)
NO_IMAGE = Check(
    'no-image',
    'annotations of an image that the file does not list',
    Fate(Level.LOSS, 'they are left out and counted'),
    'list the image, or take the annotations out, which may be those of another split',
    Fate(Level.LOSS, 'they are left out without a word'),
)
NO_CATEGORY = Check(
    'no-category',
    'annotations of a category that the file does not list',
    Fate(Level.LOSS, 'they are left out and counted, and what they show is learned as background'),
    'list the category, or correct category_id (from 0 or from 1?)',
    Fate(Level.LOSS, 'they are left out without a word, and what they show is learned as background'),
)
MIXED_IDS = Check(
    'mixed-image-ids',
    'images whose id is text where others have numbers',
    Fate(Level.HINT, 'nothing; evaluation with this file ends with TypeError, as ids of two types have no order'),
    'write all ids as numbers, those of images and image_id of the annotations',
)
ID_ZERO = Check(
    'annotation-id-0',
    'annotations with id 0',
    Fate(Level.HINT, 'nothing; CocoMetric, as pycocotools, counts the detection of this object as false'),
    'number annotations from 1, or evaluate with COCOBoxMetric',
)
UNREAD = Check(
    'unread-lists',
    "lists in the file that are none of COCO's",
    Fate(Level.HINT, 'nothing reads them; objects that they hold are learned as background'),
    'write regions to ignore as annotations with iscrowd',
)

CHECKS = (
    *(NO_COCO, NO_IMAGES, MISSING_KEYS, NO_SIZE, TEXT_BOXES, NOT_FOUR, TEXT_FLAGS, NO_AREA, IMAGE_IDS),
    *(ANNOTATION_IDS, CATEGORY_IDS, CATEGORY_NAMES, FILE_NAMES, IMAGE_ID_TYPES, CATEGORY_ID_TYPES, NO_IMAGE),
    *(NO_CATEGORY, MIXED_IDS, ID_ZERO, UNREAD),
)


def check_entries(columns: CocoColumns, reader: Reader) -> Iterator[Finding]:
    """Look for entries that are not as COCO's format has them."""
    images, annotations, categories = columns.images, columns.annotations, columns.categories
    if not images:
        yield Finding(NO_IMAGES, columns.source, 1, "'images' is []", NO_IMAGES.fate_in(reader))
    yield from _missing_keys(columns, reader)
    yield from columns.finding(NO_SIZE, images, np.asarray(np.isnan(columns.sizes).any(1)), 'width', reader)
    yield from columns.finding(TEXT_BOXES, annotations, columns.with_text, 'bbox', reader)
    yield from columns.finding(NOT_FOUR, annotations, columns.not_four, 'bbox', reader)
    for key in ('iscrowd', 'ignore'):
        rows = [row for row, a in enumerate(annotations) if isinstance(a.get(key), str)]
        yield from columns.finding(TEXT_FLAGS, annotations, rows, key, reader)
    yield from columns.finding(NO_AREA, annotations, columns.areas != columns.areas, 'area', reader)
    for check, entries, key in (
        (IMAGE_IDS, images, 'id'),
        (ANNOTATION_IDS, annotations, 'id'),
        (CATEGORY_IDS, categories, 'id'),
        (CATEGORY_NAMES, categories, 'name'),
        (FILE_NAMES, images, 'file_name'),
    ):
        yield from columns.finding(check, entries, repeating([entry.get(key) for entry in entries]), key, reader)
    yield from _references(columns, reader)
    with_text = [row for row, image in enumerate(images) if isinstance(image.get('id'), str)]
    if len(with_text) < len(images):
        yield from columns.finding(MIXED_IDS, images, with_text, 'id', reader)
    zero = [row for row, a in enumerate(annotations) if a.get('id') == 0]
    yield from columns.finding(ID_ZERO, annotations, zero, 'id', reader)
    if columns.unread:
        name, count = columns.unread[0]
        yield Finding(UNREAD, columns.source, len(columns.unread), f'{name!r} of {count:,} entries', UNREAD.fate)


def _missing_keys(columns: CocoColumns, reader: Reader) -> Iterator[Finding]:
    """Entries without a key that they need, one finding a key."""
    for entries, keys in (
        (columns.images, ('id', 'file_name')),
        (columns.annotations, ('id', 'image_id', 'category_id')),
        (columns.categories, ('id', 'name')),
    ):
        for key in keys:
            rows = [row for row, entry in enumerate(entries) if not _is_usable(entry.get(key), key)]
            yield from columns.finding(MISSING_KEYS, entries, rows, key, reader)


def _is_usable(value: Any, key: str) -> bool:
    return isinstance(value, (str, int, float) if key != 'file_name' else str)


def _references(columns: CocoColumns, reader: Reader) -> Iterator[Finding]:
    """Annotations of images and categories that are not there, or only as another type."""
    for key, entries, position, other_type, unknown in (
        ('image_id', columns.images, columns.image, IMAGE_ID_TYPES, NO_IMAGE),
        ('category_id', columns.categories, columns.category, CATEGORY_ID_TYPES, NO_CATEGORY),
    ):
        lost = [
            row for row in (position < 0).nonzero()[0].tolist() if _is_usable(columns.annotations[row].get(key), key)
        ]
        spellings: set[Hashable] = {str(entry.get('id')) for entry in entries} if lost else set()
        retyped = [row for row in lost if str(columns.annotations[row][key]) in spellings]
        others = sorted(set(lost) - set(retyped))
        yield from columns.finding(other_type, columns.annotations, retyped, key, reader)
        yield from columns.finding(unknown, columns.annotations, others, key, reader)
