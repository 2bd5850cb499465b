"""AI-TOD on disk: which annotation files there are, and what they list."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nwd_mmdet.datasets.aitod import RELEASES
from nwd_mmdet.datasets.annotation_files import Release, read_coco
from nwd_mmdet.datasets.checks.image_files import image_folders


@dataclass(frozen=True)
class AnnotationFile:
    """One annotation file of AI-TOD.

    Attributes:
        release: What was published.
        path: Where it lies.
        content: The COCO data set.
    """

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
        if path := release.file_in(folder):
            found.append(AnnotationFile(release, path, read_coco(path, ['images'])))
    if not found:
        raise FileNotFoundError(
            f'no annotation file of AI-TOD in {folder.absolute()}. They are released at github.com/jwwangchn/AI-TOD; '
            f'known names: {", ".join(name for release in RELEASES for name in release.names)}'
        )
    return found


def image_folder(root: Path, split: str) -> Path:
    """Where the images of a split lie: in ``SPLIT/``, ``SPLIT/images/`` or ``images/SPLIT/``."""
    folders = image_folders(root / split)
    with_images = (folder for folder in folders if folder.is_dir() and any(folder.glob('*.png')))
    return next(with_images, folders[0])
