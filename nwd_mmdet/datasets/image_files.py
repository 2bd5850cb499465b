"""Image files: which there are, and how large mmdet sees them."""

from pathlib import Path

import mmcv
from PIL import Image

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
_ORIENTATION = 0x0112  # EXIF; from 5 on the picture lies on its side


def images_in(folder: Path) -> list[Path]:
    """The images in a folder and below, by path; hidden ones, such as macOS's ``._name.jpg``, are none."""
    found = (path for path in folder.rglob('*') if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if not path.name.startswith('.'))


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in px as mmdet's LoadImageFromFile sees them, which turns images as their EXIF data say.

    Read from the header. Only images on their side in another format than JPEG are decoded: whether they are turned
    depends on the format and the version of OpenCV.

    Raises:
        ValueError: No file, or no image that can be read.
    """
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(_ORIENTATION, 1) >= 5
            if not turned:
                return image.size
            if image.format in ('JPEG', 'MPO'):
                return image.height, image.width
        decoded = mmcv.imread(str(path))
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for some broken PNG files
        raise ValueError(f'{path} is no readable image: {error}') from None
    if decoded is None:
        raise ValueError(f'{path} is no image that OpenCV can read')
    return decoded.shape[1], decoded.shape[0]
