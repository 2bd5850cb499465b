"""mmdet and pycocotools without the notes for their developers that they print; what else they print goes to stderr."""

import contextlib
import functools
import io
import re
import sys
from collections.abc import Iterator
from typing import Any

# onedl-mmdetection logs it at the level DEBUG, but without a logger, and then mmengine prints.
_OF_IMPORTS = r'Could not import OneDL\. Skipping OneDL datasets\.'
_OF_ANNOTATIONS = r'loading annotations into memory\.\.\.|Done \(t=[\d.]+s\)|creating index\.\.\.|index created!'


@contextlib.contextmanager
def _without(notes: str) -> Iterator[None]:
    """Drop lines that match, and send the others to stderr: our commands may print JSON."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        for line in printed.getvalue().splitlines():
            if not re.fullmatch(notes, line):
                print(line, file=sys.stderr)


def quiet_import() -> contextlib.AbstractContextManager[None]:
    """Import mmdet inside it."""
    return _without(_OF_IMPORTS)


def quiet_annotations() -> None:
    """Have mmdet's data sets read annotation files quietly: four lines for each, in every process."""
    from mmdet.datasets.api_wrappers import COCO

    original = COCO.__init__
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def read(*args: Any, **kwargs: Any) -> None:
        with _without(_OF_ANNOTATIONS):
            original(*args, **kwargs)

    COCO.__init__ = read
