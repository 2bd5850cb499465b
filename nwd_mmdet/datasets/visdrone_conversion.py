"""VisDrone-DET's annotations, from its text files to COCO's format."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from nwd_mmdet.datasets.annotation_files import listing
from nwd_mmdet.datasets.conversion import Conversion, empty_dataset
from nwd_mmdet.datasets.image_files import image_size
from nwd_mmdet.datasets.visdrone import CLASSES

_IGNORED_REGION, _OTHERS = 0, 11
_LISTED = 20  # file names in a message
_SUFFIXES = ('.jpg', '.jpeg', '.png')


class Row(NamedTuple):
    """One line of a text file; the fields of the VisDrone2019-DET toolkit."""

    left: int
    top: int
    width: int
    height: int
    score: int
    category: int
    truncation: int
    occlusion: int


@dataclass
class VisDroneConversion(Conversion):
    """A converted split.

    Attributes:
        unsized: Images without a known size, left out.
    """

    unsized: list[str] = field(default_factory=list)


def read_rows(path: Path) -> Iterator[Row]:
    """The lines of an annotation file; a trailing comma and blank lines are legal.

    Raises:
        ValueError: A line that is not 8 whole numbers, or holds a score or category that VisDrone does not have.
    """
    for number, line in enumerate(path.read_text(encoding='utf-8-sig').splitlines(), 1):
        text = line.strip().rstrip(',')
        if not text:
            continue
        try:
            row = Row(*(int(value) for value in text.split(',')))
        except (TypeError, ValueError):
            fields = ', '.join(Row._fields)
            raise ValueError(f'{path}, line {number}: {line.strip()!r} is not 8 whole numbers ({fields})') from None
        if row.score not in (0, 1) or not 0 <= row.category <= _OTHERS or row.width < 0 or row.height < 0:
            raise ValueError(
                f'{path}, line {number}: {row} should have a score of 0 or 1, a category from 0 to 11, and no negative '
                'size. Is this a file of ground truth, not of results?'
            )
        yield row


def read_sizes(path: Path) -> dict[str, tuple[int, int]]:
    """Width and height of images, by file name, from a CSV file with the columns file_name, width, height.

    Raises:
        ValueError: If a column is missing or a size is no positive whole number.
    """
    with path.open(newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        if missing := {'file_name', 'width', 'height'} - set(reader.fieldnames or []):
            raise ValueError(f'{path}: no column {", ".join(sorted(missing))}; the first line names the columns')
        try:
            sizes = {row['file_name']: (int(row['width']), int(row['height'])) for row in reader}
        except (TypeError, ValueError) as error:
            raise ValueError(f'{path}, line {reader.line_num}: a size is no whole number ({error})') from None
    if bad := [name for name, size in sizes.items() if min(size) < 1]:
        raise ValueError(f'{path}: width and height must be at least 1 px, not as for {listing(bad, _LISTED)}')
    return sizes


def image_sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Width and height of the images in a folder, from their headers."""
    paths = sorted(path for path in folder.glob('*') if path.suffix.lower() in _SUFFIXES) if folder.is_dir() else []
    return {path.name: image_size(path) for path in tqdm(paths, 'image sizes', unit='img', delay=2)}


def convert(split_dir: Path, sizes: Mapping[str, tuple[int, int]], skip_missing: bool = False) -> VisDroneConversion:
    """Convert one split.

    * Objects of the ten classes keep their category ids 1 to 10. Those with score 0, which the toolkit does not
      evaluate, become crowd annotations of their class: to be ignored in training and evaluation.
    * Ignored regions (category 0) become ``ignore_regions`` of their image, a list of boxes ``[x, y, w, h]``.
    * "Others" (category 11) are no class: left out, and counted.
    * Boxes stay as they are annotated: without a width or height, over the border, twice. All are counted.

    Args:
        split_dir: Folder with ``annotations/``.
        sizes: Width and height by file name.
        skip_missing: Whether to leave out images whose size is not known.

    Raises:
        FileNotFoundError: No ``annotations/`` with text files in it.
        ValueError: Malformed annotations, images without a size, or two images that differ in suffix or folder alone.
    """
    paths = sorted((split_dir / 'annotations').glob('*.txt'))
    if not paths:
        raise FileNotFoundError(
            f'no text files in {(split_dir / "annotations").absolute()}. SPLIT_DIR is a folder of VisDrone2019-DET '
            'such as VisDrone2019-DET-train, with annotations/ and images/'
        )
    name_of = {Path(name).stem: name for name in sizes}
    if repeated := [name for name in sizes if name_of[Path(name).stem] != name]:
        names = listing(repeated, _LISTED)
        raise ValueError(f'several images belong to the same annotation file, remove one of each: {names}')
    description = f'VisDrone2019-DET, {split_dir.absolute().name}'
    result = VisDroneConversion(empty_dataset(description, dict(enumerate(CLASSES, 1))))
    result.unsized = [path.stem for path in paths if path.stem not in name_of]
    if result.unsized and not skip_missing:
        raise ValueError(
            f'{len(result.unsized):,} of {len(paths):,} annotation files have no image whose size is known: '
            f'{listing(result.unsized, _LISTED)}. '
            f'Put the images into {split_dir / "images"}, give --sizes, or leave these out with --skip-missing'
        )
    result.counts['images without a known size, left out'] = len(result.unsized)
    result.counts['images without an annotation file, left out'] = len(name_of.keys() - {path.stem for path in paths})
    for path in tqdm(paths, 'annotations', unit='file', delay=2):
        if path.stem in name_of:
            _add_image(result, name_of[path.stem], sizes[name_of[path.stem]], list(read_rows(path)))
    return result


def _add_image(result: Conversion, file_name: str, size: tuple[int, int], rows: list[Row]) -> None:
    counts = result.counts
    regions = [list(row[:4]) for row in rows if row.category == _IGNORED_REGION]
    result.add_image(file_name, size, ignore_regions=regions)
    counts['ignored regions, kept as ignore_regions of their images'] += len(regions)
    counts['objects of category 11 (others), left out: no class'] += sum(row.category == _OTHERS for row in rows)
    counts['lines that repeat, kept'] += len(rows) - len(set(rows))
    for row in rows:
        if row.category in (_IGNORED_REGION, _OTHERS):
            continue
        counts['objects with score 0, kept as crowd: not evaluated'] += row.score == 0
        counts['objects without a width or height, kept'] += row.width == 0 or row.height == 0
        outside = row.left < 0 or row.top < 0 or row.left + row.width > size[0] or row.top + row.height > size[1]
        counts['objects over the border of their image, kept'] += outside
        more = {'truncation': row.truncation, 'occlusion': row.occlusion}
        result.add_object(row.category, list(row[:4]), row.score == 0, **more)
