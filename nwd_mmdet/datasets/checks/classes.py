"""The classes of a config against the categories of a file, and what each class and image has."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nwd_mmdet.datasets.annotation_files import listing
from nwd_mmdet.datasets.checks.columns import BoolArray, CocoColumns
from nwd_mmdet.datasets.checks.findings import REFUSED, Check, Fate, Finding, Level, Reader

TEXT_CLASSES = Check(
    'classes-are-text',
    'data sets whose classes are a text, not names',
    Fate(Level.ERROR, 'every letter is taken for a class'),
    "write a tuple: classes=('ship',), with the comma",
)
MISSING_CLASSES = Check(
    'class-not-in-file',
    'classes of the config that the file has not',
    REFUSED,
    "write metainfo=dict(classes=…) as the file spells them, or classes='auto', or rename the file's categories",
    Fate(Level.ERROR, 'all later labels are shifted: objects are learned as other classes'),
)
UNUSED = Check(
    'category-not-in-classes',
    'boxes of categories that are not among the classes of the config',
    Fate(Level.LOSS, 'they are left out and counted, and what they show is learned as background'),
    'nothing, if these classes are chosen; else add the names to metainfo=dict(classes=…)',
    Fate(Level.LOSS, 'they are left out without a word, and what they show is learned as background'),
)
ORDER = Check(
    'class-order',
    'classes whose label is that of another, as the file lists them in another order than the config',
    Fate(Level.HINT, 'CocoDataset labels by the order of the file: pictures and tables name the wrong classes'),
    'list the classes in the order of the file, or use CheckedCocoDataset, which goes by the names',
)
WITHOUT_OBJECTS = Check(
    'class-without-objects',
    'classes without an object to learn',
    Fate(Level.HINT, 'the class is never detected; in evaluation its AP is left out of the mean'),
    'take the class out, or annotate it',
)
EMPTY_IMAGES = Check(
    'images-without-objects',
    'images without an object',
    Fate(Level.HINT, 'learned as background; left out with filter_cfg=dict(filter_empty_gt=True)'),
    'nothing, if nothing is in them; else annotate them',
)
FILTERED_EMPTY = Check(
    'filtered-empty-images',
    'images without an annotation of the classes, which filter_cfg leaves out',
    Fate(Level.LOSS, 'the images are never seen in training'),
    'nothing, if this is meant; filter_cfg=dict(filter_empty_gt=False) keeps them as background',
)
FILTERED_SMALL = Check(
    'filtered-small-images',
    'images under the min_size of filter_cfg, which leaves them out',
    Fate(Level.LOSS, 'the images and their boxes are never seen in training'),
    'set min_size=0 in filter_cfg of the training set',
)
NOTHING_LEFT = Check(
    'nothing-to-learn',
    'training sets without an image or an object',
    Fate(Level.ERROR, 'loading ends with "need at least one array to concatenate", or nothing is learned'),
    'look at the other findings, which say which boxes and images are left out, and why',
)

CHECKS = (
    *(TEXT_CLASSES, MISSING_CLASSES, UNUSED, ORDER, WITHOUT_OBJECTS, EMPTY_IMAGES, FILTERED_EMPTY, FILTERED_SMALL),
    NOTHING_LEFT,
)


def check_classes(columns: CocoColumns, classes: Sequence[str], reader: Reader) -> Iterator[Finding]:
    """Compare classes and categories by name."""
    names = columns.names

    def found(check: Check, values: Sequence[str]) -> Finding:
        return Finding(check, columns.source, len(values), listing(values), check.fate_in(reader))

    if missing := [name for name in classes if name not in names]:
        spelt = {name.strip().lower(): name for name in names}
        hints = [
            f'{name!r}' + (f' (it has {spelt[key]!r})' if (key := name.strip().lower()) in spelt else '')
            for name in missing
        ]
        yield found(MISSING_CLASSES, hints)
    unused = (columns.category >= 0) & ~columns.in_classes(classes)
    if unused.any():
        first = names[columns.category[unused.argmax()]]
        yield Finding(UNUSED, columns.source, int(unused.sum()), f'category {first!r}', UNUSED.fate_in(reader))
    in_order = [name for name in names if name in classes]
    if reader is Reader.COCO and not missing and sorted(in_order) == sorted(classes):
        moved = [f'{mine!r}, whose label {theirs!r} gets' for mine, theirs in zip(classes, in_order) if mine != theirs]
        if moved:
            yield found(ORDER, moved)


def check_objects(columns: CocoColumns, handed_on: BoolArray, reader: Reader) -> Iterator[Finding]:
    """Look for images without objects.

    Args:
        columns: The file.
        handed_on: Shape [A]: which annotations the data set hands on.
        reader: Which class reads the file.
    """
    learned = handed_on & ~columns.crowd & ~columns.ignore
    empty = np.ones(len(columns.images) + 1, bool)
    empty[columns.image[learned]] = False
    yield from columns.finding(EMPTY_IMAGES, columns.images, empty[: len(columns.images)], 'id', reader)


def check_class_objects(source: str, counts: Mapping[str, int], classes: Sequence[str]) -> Iterator[Finding]:
    """Look for classes without objects, over all data sets of a role.

    Args:
        source: The files.
        counts: Objects to learn of each class.
        classes: All classes.
    """
    if empty := [name for name in classes if not counts.get(name)]:
        yield Finding(WITHOUT_OBJECTS, source, len(empty), repr(empty[0]), WITHOUT_OBJECTS.fate)


def count_objects(columns: CocoColumns, handed_on: BoolArray) -> dict[str, int]:
    """Number of objects to learn of each category, by name."""
    learned = handed_on & ~columns.crowd & ~columns.ignore & (columns.category >= 0)
    counts = np.bincount(columns.category[learned], minlength=len(columns.names))
    return dict(zip(columns.names, counts.tolist()))


def labels_of(columns: CocoColumns, classes: Sequence[str], reader: Reader) -> list[str]:
    """Name of the category that each label means to a data set."""
    if reader is Reader.COCO:
        return [name for name in columns.names if name in classes]
    return list(classes)


def filtered(
    columns: CocoColumns, classes: Sequence[str], empty_too: bool, min_size: float
) -> tuple[BoolArray, BoolArray]:
    """Images that mmdet's ``filter_cfg`` leaves out, as empty and as small, each of shape [I].

    An image counts as empty where no annotation is of the classes; one whose box is dropped is not empty to mmdet.
    """
    empty = np.zeros(len(columns.images), bool)
    if empty_too:
        annotated = columns.image[columns.in_classes(classes) & (columns.image >= 0)]
        empty[:] = True
        empty[annotated] = False
    return empty, ~empty & (columns.sizes.min(1, initial=np.inf) < min_size)
