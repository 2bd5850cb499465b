"""A data set in Pascal VOC's XML on disk: its splits, its XML files and their images."""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from nwd_mmdet.datasets.image_files import images_in

_SPLITS = ('train', 'val', 'trainval', 'test')


@dataclass(frozen=True)
class VocObject:
    """One object of an XML file.

    Attributes:
        name: Of its class; empty where there is none.
        corners: xmin, ymin, xmax, ymax as annotated; None without four finite numbers.
        flags: ``difficult``, ``truncated`` and ``occluded``, those that the file has.
        parts: Number of its parts (a head, a hand).
    """

    name: str
    corners: tuple[float, float, float, float] | None
    flags: dict[str, int]
    parts: int


@dataclass(frozen=True)
class VocAnnotation:
    """One XML file.

    Attributes:
        filename: Of the image, as the file says; empty where it does not.
        size: Width and height, None where the file has none.
        objects: In their order.
    """

    filename: str
    size: tuple[int, int] | None
    objects: tuple[VocObject, ...]


@dataclass
class VocSplit:
    """One split.

    Attributes:
        name: ``'train'``, or ``'all'`` where there are no splits.
        ids: Names of the XML files without their suffix, below the folder of annotations.
        whole_folder: Whether it is all XML files, so that an image without one is an orphan.
    """

    name: str
    ids: list[str]
    whole_folder: bool = False


@dataclass
class VocSet:
    """A data set.

    Attributes:
        annotations: The folder of the XML files.
        images: The folder of the images.
        splits: What to convert.
        files: All images.
        by_stem: Path below ``images`` without its suffix → image.
        by_name: File name → image.
    """

    annotations: Path
    images: Path
    splits: list[VocSplit]
    files: list[Path] = field(init=False)
    by_stem: dict[str, Path] = field(init=False)
    by_name: dict[str, Path] = field(init=False)

    def __post_init__(self) -> None:
        self.files = images_in(self.images)
        last_first = self.files[::-1]
        self.by_stem = {path.relative_to(self.images).with_suffix('').as_posix(): path for path in last_first}
        self.by_name = {path.name: path for path in last_first}

    def xml_of(self, image_id: str) -> Path:
        """The XML file of an image."""
        return self.annotations / f'{image_id}.xml'

    def image_of(self, image_id: str, annotation: VocAnnotation) -> Path | None:
        """The image that is called as the XML file is, else the one that the file names."""
        return self.by_stem.get(image_id) or self.by_name.get(Path(annotation.filename).name)


def read_set(source: Path, images: Path | None = None, splits: Sequence[str] = ()) -> VocSet:
    """Find the files of a devkit (``Annotations/``, ``JPEGImages/``, ``ImageSets/Main/``) or of a folder of XML files.

    Args:
        source: The folder.
        images: Folder of the images; None takes ``JPEGImages/`` of a devkit, else ``source``.
        splits: Names of lists in ``ImageSets/Main/``, or paths of text files with an image a line. Without any, a
            devkit is converted by its lists train, val, trainval and test, everything else as one split, ``'all'``.

    Raises:
        FileNotFoundError: No XML files, no folder of images, or no list of a split.
    """
    devkit = (source / 'Annotations').is_dir()
    annotations = source / 'Annotations' if devkit else source
    if images is None:
        images = source / 'JPEGImages' if devkit else source
    elif not images.is_dir():
        raise FileNotFoundError(f'--images {images}: no such folder')
    ids = sorted(path.relative_to(annotations).with_suffix('').as_posix() for path in annotations.rglob('*.xml'))
    if not ids:
        raise FileNotFoundError(
            f'no XML files in {annotations.absolute()}. SOURCE is a folder of XML files, or one with Annotations/ and '
            'JPEGImages/, such as VOC2007'
        )
    lists = source / 'ImageSets/Main'
    names = list(splits) or [name for name in _SPLITS if (lists / f'{name}.txt').is_file()]
    found = [_read_list(name, lists) for name in names] if names else [VocSplit('all', ids, whole_folder=True)]
    return VocSet(annotations, images, found)


def read_xml(path: Path) -> VocAnnotation:
    """Read an annotation.

    Raises:
        ValueError: No XML, or XML with a document type, which an annotation has no use for and whose entities can
            grow without bounds.
    """
    root = _parse(path)
    size = [_number(root.findtext(f'size/{side}')) for side in ('width', 'height')]
    known = all(side is not None and side >= 1 for side in size)
    return VocAnnotation(
        (root.findtext('filename') or '').strip(),
        (int(size[0] or 0), int(size[1] or 0)) if known else None,
        tuple(map(_read_object, root.findall('object'))),
    )


def _read_list(name: str, lists: Path) -> VocSplit:
    path = Path(name) if name.endswith('.txt') else lists / f'{name}.txt'
    if not path.is_file():
        there = ', '.join(sorted(file.stem for file in lists.glob('*.txt'))) or 'none'
        raise FileNotFoundError(f'--splits {name}: no file {path.absolute()}. Lists in {lists}: {there}')
    lines = path.read_text(encoding='utf-8-sig').splitlines()
    return VocSplit(path.stem, [line.strip() for line in lines if line.strip()])


def _parse(path: Path) -> ElementTree.Element:
    builder, parser = ElementTree.TreeBuilder(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(*_: object) -> NoReturn:
        raise ValueError('it has a document type (<!DOCTYPE …>), which is not read')

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except (expat.ExpatError, ValueError) as error:
        raise ValueError(f'{path.name}: {error}') from None
    return builder.close()


def _read_object(element: ElementTree.Element) -> VocObject:
    corners = [_number(element.findtext(f'bndbox/{corner}')) for corner in ('xmin', 'ymin', 'xmax', 'ymax')]
    flags = {name: _number(element.findtext(name)) for name in ('difficult', 'truncated', 'occluded')}
    x1, y1, x2, y2 = corners
    return VocObject(
        (element.findtext('name') or '').strip(),
        None if x1 is None or y1 is None or x2 is None or y2 is None else (x1, y1, x2, y2),
        {name: int(value) for name, value in flags.items() if value is not None},
        len(element.findall('part')),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or '')
    except ValueError:
        return None
    return value if math.isfinite(value) else None
