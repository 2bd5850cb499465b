"""Where the image files are, from listings of folders: no file is opened."""

import functools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nwd_mmdet.datasets.annotation_files import listing
from nwd_mmdet.datasets.checks.findings import Check, Fate, Finding, Level

_SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp'}

MISSING = Check(
    'images-missing',
    'images without a file',
    Fate(Level.ERROR, 'training ends with FileNotFoundError when it comes to the first of them'),
    'correct file_name, data_root or data_prefix, or take the images out of the file; case counts',
)
#: What becomes of a missing or unreadable image where the pipeline has ``LoadImageFromFile(ignore_empty=True)``.
SKIPPED = Fate(Level.LOSS, 'another image takes its place, by ignore_empty=True of LoadImageFromFile')
UNLISTED = Check(
    'images-unlisted',
    'image files in the folders that no annotation file lists',
    Fate(Level.HINT, 'they are not used'),
    'nothing, if they are not meant to be; else annotate them, or list them as images without objects',
)

CHECKS = (MISSING, UNLISTED)


def image_folders(folder: Path) -> tuple[Path, ...]:
    """Where the images of a split may lie: in its folder ``SPLIT``, in ``SPLIT/images``, in ``images/SPLIT``."""
    return folder, folder / 'images', folder.parent / 'images' / folder.name


def best_folder(folders: Iterable[Path], names: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder, the first of the best, that has most of the files, and the names that are no file there.

    Args:
        folders: Where to look, at least one; each is listed once.
        names: File names, which may contain folders.
    """
    missing = {folder: _missing(folder, names) for folder in folders}
    best = min(missing, key=lambda folder: len(missing[folder]))
    return best, missing[best]


def check_missing(source: str, folder: Path, missing: Sequence[str], fate: Fate | None = None) -> Iterator[Finding]:
    """The finding about files that are not there, with one of a similar name beside it."""
    if missing:
        path = folder / missing[0]
        try:
            beside = os.listdir(path.parent)
        except OSError:
            first = f'{path} (there is no such folder)'
        else:
            similar = [name for name in beside if Path(name).stem.lower() == path.stem.lower()]
            first = str(path) + (f' (there is {listing(similar)})' if similar else '')
        yield Finding(MISSING, source, len(missing), first, fate or MISSING.fate)


def check_unlisted(paths: Iterable[Path], source: str) -> Iterator[Finding]:
    """Look for image files beside those that are listed.

    Args:
        paths: The listed files of all data sets: several may share a folder.
        source: What the finding is about.
    """
    listed = defaultdict(set)
    for path in paths:
        listed[path.parent].add(path.name)
    for folder, names in listed.items():
        files = os.listdir(folder) if folder.is_dir() else []
        unlisted = [f for f in sorted(files) if f not in names and f[0] != '.' and Path(f).suffix.lower() in _SUFFIXES]
        if unlisted:
            yield Finding(UNLISTED, source, len(unlisted), str(folder / unlisted[0]), UNLISTED.fate)


def _missing(folder: Path, names: Iterable[str]) -> list[str]:
    names_in = functools.cache(lambda parent: set(os.listdir(parent)) if os.path.isdir(parent) else set())
    split = [(name, *os.path.split(os.path.join(folder, name))) for name in names]
    return [name for name, parent, base in split if base not in names_in(parent)]
