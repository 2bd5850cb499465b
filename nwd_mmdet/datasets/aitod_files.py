"""AI-TOD on disk: which annotation files there are, and what they list."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nwd_mmdet.datasets.aitod import RELEASES, Release
from nwd_mmdet.datasets.annotation_files import read_json

#: The splits of AI-TOD; trainval is train and val.
SPLITS = ('train', 'val', 'trainval', 'test')


@dataclass(frozen=True)
class AnnotationFile:
    """One annotation file of AI-TOD.

    Attributes:
        split: One of :data:`SPLITS`.
        version: 1 or 2.
        release: Its sizes as published.
        path: Where it lies.
        content: The COCO data set.
    """

    split: str
    version: int
    release: Release
    path: Path
    content: dict[str, Any]

    @property
    def file_names(self) -> list[str]:
        """Names of the images, in the order of the file."""
        return [image['file_name'] for image in self.content['images']]


def find_annotation_files(root: Path) -> list[AnnotationFile]:
    """The annotation files in ``annotations/``, under whichever of their names.

    Args:
        root: The folder of AI-TOD.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If one is no COCO data set.
    """
    folder, found = root / 'annotations', []
    for release in RELEASES:
        path = next((folder / name for name in release.names if (folder / name).is_file()), None)
        match = re.match(r'aitod(v2)?_(\w+?)(_v1)?\.json', release.names[0])
        if path is not None and match is not None:
            content = read_json(path)
            if not isinstance(content, dict) or 'images' not in content:
                raise ValueError(f"{path}: not a COCO data set, which is a JSON object with 'images'")
            found.append(AnnotationFile(match[2], 2 if match[1] else 1, release, path, content))
    if not found:
        raise FileNotFoundError(
            f'no annotation file of AI-TOD in {folder.absolute()}. They are released at github.com/jwwangchn/AI-TOD; '
            f'known names: {", ".join(name for release in RELEASES for name in release.names)}'
        )
    return found


def image_folder(root: Path, split: str) -> Path:
    """Where the images of a split lie: in ``SPLIT/``, ``SPLIT/images/`` or ``images/SPLIT/``."""
    folders = (root / split, root / split / 'images', root / 'images' / split)
    with_images = (folder for folder in folders if folder.is_dir() and any(folder.glob('*.png')))
    return next(with_images, folders[0])
