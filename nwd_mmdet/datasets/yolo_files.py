"""A YOLO data set on disk: its classes, its splits and where the labels of an image are."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nwd_mmdet.datasets.annotation_files import listing
from nwd_mmdet.datasets.image_files import images_in

_SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class YoloSplit:
    """One split.

    Attributes:
        name: ``'train'``, or ``'all'`` where there are no splits.
        images: Paths of its images.
        absent: Images that its list names and that are no file.
        whole_folders: Whether it is all images of its folders, so that a label file without an image is an orphan.
    """

    name: str
    images: tuple[Path, ...]
    absent: tuple[str, ...] = ()
    whole_folders: bool = True


@dataclass(frozen=True)
class YoloSet:
    """A data set.

    Attributes:
        classes: Number in the label files → name.
        splits: What to convert.
        other_files: Text files beside the images that are no labels, such as that of the names.
    """

    classes: dict[int, str]
    splits: tuple[YoloSplit, ...]
    other_files: frozenset[Path] = frozenset()

    @property
    def root(self) -> Path:
        """The folder that all images are in or below; file names in COCO's format are relative to it."""
        return Path(os.path.commonpath([image.parent for split in self.splits for image in split.images]))


def read_folder(folder: Path, classes: Sequence[str], names_file: Path | None = None) -> YoloSet:
    """All images of a folder and below as one split, ``'all'``.

    Args:
        folder: With the images, labels beside them or in ``labels/`` where they are in ``images/``.
        classes: Names by their number in the label files.
        names_file: Where the names come from.

    Raises:
        FileNotFoundError: No folder, or no image in it.
        ValueError: No names, or names that repeat.
    """
    images = _absolute(images_in(folder)) if folder.is_dir() else ()
    if not images:
        raise FileNotFoundError(f'no images in {folder.absolute()}. SOURCE is a data.yaml, or a folder with images')
    others = frozenset(_absolute([names_file] if names_file else []))
    return YoloSet(_checked(dict(enumerate(classes)), 'the names'), (YoloSplit('all', images),), others)


def read_names(path: Path) -> list[str]:
    """The names of classes in a text file, one a line."""
    return [line.strip() for line in path.read_text(encoding='utf-8-sig').splitlines() if line.strip()]


def read_data_yaml(path: Path) -> YoloSet:
    """A data set as Ultralytics describes it: ``path``, ``train``, ``val``, ``test`` and ``names``.

    A split is a folder, a text file of images, or a list of these. They are looked for below ``path``, which is
    relative to the YAML file or to the working directory, and beside the YAML file.

    Raises:
        FileNotFoundError: No such file, or a split that is nowhere; the message lists where it was looked for.
        ValueError: No YAML, no names, no split, or keypoints, which have no place in boxes.
    """
    content = _read_yaml(path)
    names = content.get('names')
    names = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(names, dict) or not names or not all(isinstance(number, int) for number in names):
        raise ValueError(f'{path}: names={names!r} must list the classes, or map their numbers to names')
    if content.get('nc', len(names)) != len(names):
        raise ValueError(f'{path}: nc={content["nc"]}, but there are {len(names)} names. Correct one of them')
    if 'kpt_shape' in content:
        raise ValueError(f'{path}: rows with keypoints (kpt_shape) cannot be told from polygons and are not converted')
    folders = [path.parent / content['path'], Path(content['path'])] if content.get('path') else []
    bases = _absolute([*folders, path.parent])
    given = {name: content[name] for name in _SPLITS if content.get(name)}
    if not given:
        raise ValueError(f'{path}: no split. It needs one of {", ".join(_SPLITS)}, a folder or a text file of images')
    splits = tuple(_read_split(f'{path}: {name}', name, places, bases) for name, places in given.items())
    return YoloSet(_checked({number: str(name) for number, name in names.items()}, f'{path}: names'), splits)


def label_files(image: Path) -> tuple[Path, ...]:
    """Where the labels of an image may be: in ``labels/`` instead of the last ``images/``, or beside it."""
    before, images, after = str(image).rpartition(f'{os.sep}images{os.sep}')
    beside = image.with_suffix('.txt')
    return (Path(before, 'labels', after).with_suffix('.txt'), beside) if images else (beside,)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8-sig'))
    except yaml.YAMLError as error:
        raise ValueError(f'{path} is not valid YAML: {error}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{path}: not the description of a data set, which has names and train, val or test')
    return content


def _checked(classes: dict[int, str], where: str) -> dict[int, str]:
    if not classes:
        raise ValueError(f'{where}: there are none')
    if repeated := [name for name, count in Counter(classes.values()).items() if count > 1]:
        raise ValueError(f'{where}: every class needs a name of its own, these repeat: {listing(repeated)}')
    return dict(sorted(classes.items()))


def _read_split(where: str, name: str, places: str | list[str], bases: tuple[Path, ...]) -> YoloSplit:
    images: list[Path] = []
    absent: list[str] = []
    whole_folders = True
    for place in [places] if isinstance(places, str) else places:
        # Roboflow's files say ../train/images for a folder beside them, which Ultralytics takes so as well.
        tried = [base / place for base in bases] + [bases[-1] / place.removeprefix('../')]
        found = next((candidate for candidate in tried if candidate.exists()), None)
        if found is None:
            looked_for = '\n'.join(f'  {candidate}' for candidate in _absolute(tried))
            raise FileNotFoundError(f'{where}={place} is nowhere; correct it or take it out. Looked for:\n{looked_for}')
        if found.is_dir():
            images += images_in(found)
        else:
            whole_folders = False
            _read_list(found, bases, images, absent)
    if not images:
        raise FileNotFoundError(f'{where}={places}: no images there' + (f', such as {absent[0]}' if absent else ''))
    return YoloSplit(name, _absolute(images), tuple(absent), whole_folders)


def _read_list(path: Path, bases: tuple[Path, ...], images: list[Path], absent: list[str]) -> None:
    """Add the images that a text file names, relative to it, to the data set or to the working directory."""
    for line in path.read_text(encoding='utf-8-sig').splitlines():
        if name := line.strip():
            found = next((folder / name for folder in (path.parent, *bases, Path()) if (folder / name).is_file()), None)
            if found is None:
                absent.append(name)
            else:
                images.append(found)


def _absolute(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Without ``..``, links left as they are."""
    return tuple(Path(os.path.abspath(path)) for path in paths)
