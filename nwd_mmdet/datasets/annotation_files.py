"""Annotation files on disk: reading and writing them, and finding them under any of the names they are known by."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.logging import print_log

_HELP = (
    'docs/datasets.md tells how to name the folder of a data set (for the configs of configs/own the files, by '
    'TRAIN_JSON, VAL_JSON, TRAIN_IMAGES and VAL_IMAGES); or set data_root and ann_file in the config.'
)


class Release(NamedTuple):
    """One published split of one version of a data set.

    Attributes:
        split: Its name, such as ``'train'``.
        names: The names that its annotation file goes by, the current one first.
        images: Number of images as published; None where it is not.
        instances: Number of annotations as published; None where it is not.
        version: Version of the data set.
    """

    split: str
    names: tuple[str, ...]
    images: int | None = None
    instances: int | None = None
    version: int = 1

    def file_in(self, folder: Path) -> Path | None:
        """Its annotation file in a folder, whichever of its names it carries."""
        return next((folder / name for name in self.names if (folder / name).is_file()), None)


@dataclass(frozen=True)
class Source:
    """Where the annotation files of a data set come from.

    Attributes:
        help: How to get the data, for messages about missing files.
        releases: What was published.
        pattern: Glob of further file names of this set, in lower case: ``'*visdrone*'``.
        places: Globs of whole paths of its files, in which ``$NAME`` is an environment variable.
    """

    help: str = ''
    releases: tuple[Release, ...] = ()
    pattern: str = ''
    places: tuple[str, ...] = ()

    def release_of(self, name: str) -> Release | None:
        """The release that has a file of this name."""
        return next((release for release in self.releases if name in release.names), None)

    def has(self, path: Path) -> bool:
        """Whether an annotation file is of this set, by its name or by its place."""
        places = (os.path.expandvars(place) for place in self.places)
        return (
            self.release_of(path.name) is not None
            or fnmatchcase(path.name.lower(), self.pattern)
            or any(fnmatchcase(path.absolute().as_posix(), place) for place in places)
        )


_SOURCES: list[Source] = []


def register_source(source: Source) -> None:
    """Let :func:`find_annotations` and :func:`help_for` know a data set."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def find_annotations(path: str | Path) -> Path:
    """Find an annotation file, whichever of its names it carries.

    Args:
        path: Where it should be. If it is not there and its name is one of a release of a registered data set, the
            other names of that release are looked for in the same folder.

    Returns:
        The path of a file that exists.

    Raises:
        FileNotFoundError: If there is none; the message lists the paths looked for and how to get the data.
    """
    path = Path(path)
    if path.is_file():
        return path
    releases = [release for source in _SOURCES if (release := source.release_of(path.name))]
    found = next((file for release in releases if (file := release.file_in(path.parent))), None)
    if found is None:
        candidates = dict.fromkeys([path, *(path.with_name(name) for release in releases for name in release.names)])
        looked_for = '\n'.join(f'  {candidate.absolute()}' for candidate in candidates)
        raise FileNotFoundError(f'no annotation file. Looked for:\n{looked_for}\n{help_for(path)}')
    print_log(f'{path} does not exist, taking {found}, another name of the same split', logger='current')
    return found


def help_for(path: str | Path) -> str:
    """How to get the data set that has this annotation file."""
    known = (source for source in _SOURCES if source.has(Path(path)))
    return '\n'.join(source.help for source in known) or _HELP


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: If there is no such file, with the path looked for.
        ValueError: If it is not JSON, with the path.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist (looked for {path.resolve()})')
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path} is not valid JSON: {error}') from error


def read_coco(path: str | Path, keys: Sequence[str] = ('images', 'categories')) -> dict[str, Any]:
    """Read a COCO annotation file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not JSON, or lacks one of the keys.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not content.keys() >= set(keys):
        wanted = ' and '.join(map(repr, keys))
        raise ValueError(f'{path}: not a COCO data set, which is a JSON object with {wanted}')
    return content


def write_json(content: Mapping[str, Any] | Sequence[Any], path: Path, indent: int | None = None) -> None:
    """Write a JSON file in one step, with the folders it needs.

    Raises:
        ValueError: A NaN or an infinite number, which JSON does not have.
    """
    with written_at_once(path) as temporary:
        temporary.write_text(json.dumps(content, indent=indent, allow_nan=False) + '\n', encoding='utf-8')


@contextlib.contextmanager
def written_at_once(path: Path) -> Iterator[Path]:
    """A temporary path that becomes ``path`` at the end: an interruption leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.stem}.{os.getpid()}{path.suffix}')
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def listing(values: Sequence[Any], limit: int = 3) -> str:
    """The first values as text, and how many more there are."""
    return ', '.join(map(str, values[:limit])) + (f' and {len(values) - limit:,} more' if len(values) > limit else '')
