"""Imports of mmdet without the notes that it prints for developers."""

import contextlib
import io
import sys
from collections.abc import Iterator

# onedl-mmdetection logs them at the level DEBUG, but without a logger, and then mmengine prints.
_NOTES = ('Could not import OneDL. Skipping OneDL datasets.',)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Drop known notes from what is printed inside, and send the rest to stderr: our tools may print JSON."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        for line in printed.getvalue().splitlines():
            if line not in _NOTES:
                print(line, file=sys.stderr)
