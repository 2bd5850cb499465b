"""YOLO's text files to COCO's format."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from nwd_mmdet.datasets.conversion import Conversion, empty_dataset
from nwd_mmdet.datasets.image_files import image_size
from nwd_mmdet.datasets.yolo_files import YoloSet, YoloSplit, label_files

_BEYOND = 0.01  # so much values may lie outside [0, 1] by rounding; Ultralytics allows as much
_DECIMALS = 3  # of a pixel
_BORDER = 0.5  # px: further than this over the border is not rounding


class _Row(NamedTuple):
    """One line of a text file: a class and the fractions of width and height of a box or a polygon's corners."""

    category: int
    values: tuple[float, ...]
    confidence: bool


def convert(dataset: YoloSet, split: YoloSplit, skip_unlabelled: bool = False) -> Conversion:
    """Convert one split.

    * Class n becomes category n + 1 of the same name. ``cx cy w h`` become ``[x, y, w, h]`` in px of the image as mmdet
      reads it (:func:`~nwd_mmdet.datasets.image_files.image_size`), rounded to a thousandth.
    * A polygon becomes its box, and stays as ``segmentation``. A fifth number, a confidence, is dropped.
    * Boxes over the border stay as they are annotated.
    * Left out are rows that are no class and box or polygon, of a class without a name, with values outside [0, 1] (by
      more than 0.01), without width or height, and rows that repeat; images that cannot be read.
    * An image without labels is an image without objects.

    All of it is counted.

    Args:
        dataset: Where classes and the folder of the images come from.
        split: One of its splits.
        skip_unlabelled: Whether to leave out images without a text file; those with an empty one stay.
    """
    classes = {number + 1: name for number, name in dataset.classes.items()}
    result = Conversion(empty_dataset(f'converted from YOLO text files: {split.name}', classes))
    used: dict[Path, Path] = {}
    for image in tqdm(dict.fromkeys(split.images), f'{split.name}: images and labels', unit='img', delay=2):
        name = image.relative_to(dataset.root).as_posix()
        labels = next((path for path in label_files(image) if path.is_file()), None)
        if labels is None:
            left_out = 'left out (--skip-unlabelled)' if skip_unlabelled else 'kept as images without objects'
            result.count(f'images without a text file, {left_out}', name)
            if skip_unlabelled:
                continue
        elif used.setdefault(labels, image) != image:
            result.count('images with the text file of another image, kept', f'{name} and {used[labels].name}')
        try:
            size = image_size(image)
        except ValueError as error:
            result.count('images that cannot be read, left out', str(error))
            continue
        result.add_image(name, size)
        if labels is not None:
            _add_objects(result, dataset, labels, size)
    result.count('images that are listed again, left out', number=len(split.images) - len(set(split.images)))
    result.count('images that are listed and are no file, left out', ''.join(split.absent[:1]), len(split.absent))
    if split.whole_folders:
        orphans = _orphans(split, dataset)
        result.count('text files without an image, left out', str(*orphans[:1]), len(orphans))
    return result


def _orphans(split: YoloSplit, dataset: YoloSet) -> list[Path]:
    expected = {path for image in split.images for path in label_files(image)}
    present = (path for folder in sorted({path.parent for path in expected}) for path in sorted(folder.glob('*.txt')))
    return [path for path in present if path not in expected and path not in dataset.other_files]


def _add_objects(result: Conversion, dataset: YoloSet, labels: Path, size: tuple[int, int]) -> None:
    lines = labels.read_text(encoding='utf-8-sig', errors='replace').splitlines()
    seen: set[_Row] = set()
    before = len(result.dataset['annotations'])
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        example = f'{labels.name}, line {number}: {line.strip()[:60]}'
        row = _parse(line)
        if problem := _problem(row, dataset, seen):
            result.count(f'rows {problem}, left out', example)
            continue
        assert row is not None
        seen.add(row)
        result.count('rows with a confidence, kept without it', example, int(row.confidence))
        box, more = _in_pixels(row.values, size)
        if box[2] <= 0 or box[3] <= 0:
            result.count('rows without width or height, left out', example)
            continue
        result.count('rows with a polygon, kept as its box and as segmentation', example, int(bool(more)))
        over = max(-box[0], -box[1], box[0] + box[2] - size[0], box[1] + box[3] - size[1])
        result.count('boxes over the border of their image, kept', example, int(over > _BORDER))
        result.add_object(row.category + 1, box, **more)
    if len(result.dataset['annotations']) == before:
        what = 'with wrong rows alone' if any(line.strip() for line in lines) else 'that are empty'
        result.count(f'text files {what}: their images are kept without objects', labels.name)


def _parse(line: str) -> _Row | None:
    """None for what is no class with a box or a polygon."""
    try:
        category, *values = map(float, line.split())
    except ValueError:
        return None
    if not all(map(math.isfinite, (category, *values))) or category != int(category):
        return None
    confidence = len(values) == 5
    if confidence:
        values.pop()
    if len(values) != 4 and (len(values) < 6 or len(values) % 2):
        return None
    return _Row(int(category), tuple(values), confidence)


def _problem(row: _Row | None, dataset: YoloSet, seen: set[_Row]) -> str:
    if row is None:
        return 'that are no whole class number and 4 finite numbers, or 6 and more of a polygon'
    if row.category not in dataset.classes:
        return f'of a class without a name (names are there for {min(dataset.classes)} to {max(dataset.classes)})'
    if min(row.values) < -_BEYOND or max(row.values) > 1 + _BEYOND:
        return 'with values outside [0, 1] (pixels, where fractions of the image belong?)'
    return 'that repeat' if row in seen else ''


def _in_pixels(values: tuple[float, ...], size: tuple[int, int]) -> tuple[list[float], dict[str, Any]]:
    """The box in px, and the polygon if there is one."""
    if len(values) == 4:
        cx, cy, w, h = (value * size[axis % 2] for axis, value in enumerate(values))
        return _rounded((cx - w / 2, cy - h / 2, w, h)), {}
    corners = [value * size[axis % 2] for axis, value in enumerate(values)]
    (left, top), (right, bottom) = ((reach(corners[::2]), reach(corners[1::2])) for reach in (min, max))
    return _rounded((left, top, right - left, bottom - top)), {'segmentation': [_rounded(corners)]}


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in values]
