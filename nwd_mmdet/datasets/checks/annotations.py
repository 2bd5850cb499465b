"""All checks of one annotation file against the classes that are wanted of it."""

from collections.abc import Iterator, Sequence

from nwd_mmdet.datasets.checks.boxes import GUESSES, check_boxes
from nwd_mmdet.datasets.checks.classes import TEXT_CLASSES, check_classes
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.entries import check_entries
from nwd_mmdet.datasets.checks.findings import Finding, Level, Reader, say_once


class BadAnnotations(ValueError):
    """Annotations that cannot be loaded as they are meant; the message has a line for each finding."""


def check_annotations(columns: CocoColumns, classes: Sequence[str], reader: Reader) -> Iterator[Finding]:
    """Look for everything that is wrong with the annotations.

    Args:
        columns: The file.
        classes: Those of the data set; a text, which is none, is found out.
        reader: Which class reads the file.
    """
    if isinstance(classes, str):
        yield Finding(TEXT_CLASSES, columns.source, 1, f'classes={classes!r}', TEXT_CLASSES.fate)
    yield from check_entries(columns, reader)
    if not isinstance(classes, str):
        yield from check_classes(columns, classes, reader)
    yield from check_boxes(columns, reader)


def refuse_or_tell(columns: CocoColumns, classes: Sequence[str], reader: Reader) -> None:
    """Raise on what cannot be loaded as it is meant, and tell what is left out.

    Raises:
        BadAnnotations: A finding that is an error, but for those that are guesses from many boxes; these are told.
    """
    findings = list(check_annotations(columns, classes, reader))
    errors = [f for f in findings if f.fate.level is Level.ERROR and f.check not in GUESSES]
    if errors:
        raise BadAnnotations('\n'.join(map(str, errors)))
    for finding in findings:
        if finding.fate.level is not Level.HINT:
            say_once(str(finding))
