"""Is AI-TOD complete? Images and annotations of every split against what was published."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from terminaltables import AsciiTable
from tqdm import tqdm

from nwd_mmdet.datasets.aitod_files import AnnotationFile, image_folder
from nwd_mmdet.datasets.checks.columns import repeating

_SIDE = 800


@dataclass(frozen=True)
class SplitReport:
    """What is wrong with one annotation file and its images.

    Attributes:
        split: The split.
        version: 1 or 2.
        file: Name of the annotation file.
        images: Number of images it lists.
        published_images: How many were published; None where it is not known.
        instances: Number of annotations.
        published_instances: Likewise; None for the splits of version 1.
        missing: Listed images that are not there.
        extra: PNG files there that are not listed.
        wrong_size: Images that are not 800 x 800 px, or no images at all.
        doubled: Images listed more than once.
        bad_boxes: Annotations whose box reaches out of its image by more than 1 px, or is under 1 px wide or high.
    """

    split: str
    version: int
    file: str
    images: int
    published_images: int | None
    instances: int
    published_instances: int | None
    missing: list[str]
    extra: list[str]
    wrong_size: list[str]
    doubled: list[str]
    bad_boxes: int

    @property
    def right(self) -> bool:
        """Whether everything is as published; boxes, which the release itself has, do not count."""
        counts = self.images == self.published_images and self.published_instances in (None, self.instances)
        return counts and not (self.missing or self.extra or self.wrong_size or self.doubled)


def verify(root: Path, files: Sequence[AnnotationFile]) -> tuple[list[SplitReport], dict[str, list[str]]]:
    """Check every split; of the images their headers are read.

    Args:
        root: The folder of AI-TOD.
        files: Its annotation files.

    Returns:
        A report per file, and the images that two splits share which should not: ``'train and val'``,
        ``'trainval and test'``.
    """
    sizes = {folder: _sizes(folder) for folder in {image_folder(root, file.release.split) for file in files}}
    reports = [_check(file, sizes[image_folder(root, file.release.split)]) for file in files]
    names = {(file.release.version, file.release.split): set(file.file_names) for file in files}
    shared: dict[str, set[str]] = {}
    for first, second in (('train', 'val'), ('trainval', 'test')):
        for version in (1, 2):
            both = names.get((version, first), set()) & names.get((version, second), set())
            if both:
                shared.setdefault(f'{first} and {second}', set()).update(both)
    return reports, {key: sorted(value) for key, value in shared.items()}


def _sizes(folder: Path) -> dict[str, tuple[int, int] | None]:
    """Width and height of every PNG in a folder; None for files that are no images."""
    paths = sorted(path for path in folder.glob('*.png') if not path.name.startswith('.')) if folder.is_dir() else []
    sizes: dict[str, tuple[int, int] | None] = {}
    for path in tqdm(paths, str(folder), unit='img', delay=2):
        try:
            with Image.open(path) as image:
                sizes[path.name] = image.size
        except OSError:
            sizes[path.name] = None
    return sizes


def _check(file: AnnotationFile, sizes: dict[str, tuple[int, int] | None]) -> SplitReport:
    names = file.file_names
    listed = set(names)
    annotations = file.content.get('annotations', [])
    return SplitReport(
        file.release.split,
        file.release.version,
        file.path.name,
        len(names),
        file.release.images,
        len(annotations),
        file.release.instances,
        sorted(listed - sizes.keys()),
        sorted(sizes.keys() - listed),
        sorted(name for name in listed & sizes.keys() if sizes[name] != (_SIDE, _SIDE)),
        sorted({names[row] for row in repeating(names)}),
        sum(_is_bad(annotation['bbox']) for annotation in annotations),
    )


def _is_bad(bbox: Sequence[float]) -> bool:
    x, y, w, h = bbox
    return w < 1 or h < 1 or min(x, y) < -1 or max(x + w, y + h) > _SIDE + 1


def table(reports: Iterable[SplitReport]) -> str:
    """One row per annotation file."""
    files = ('missing', 'extra', 'not 800²', 'doubled')
    header = ['split', 'images', 'published', *files, 'instances', 'published', 'boxes']
    rows = [header]
    for r in reports:
        lengths = map(len, (r.missing, r.extra, r.wrong_size, r.doubled))
        numbers = [r.images, r.published_images, *lengths, r.instances, r.published_instances, r.bad_boxes]
        rows.append([f'{r.split} v{r.version}', *('-' if n is None else f'{n:,}' for n in numbers)])
    return str(AsciiTable(rows, 'AI-TOD').table)


def to_json(reports: Iterable[SplitReport], shared: dict[str, list[str]]) -> dict[str, Any]:
    """Everything, ready for ``json.dump``."""
    return {'splits': [{**asdict(report), 'right': report.right} for report in reports], 'shared': shared}
