"""Reading every image as training does: whether it can be, its size, and which have the same content."""

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import mmcv
from PIL import Image
from tqdm import tqdm

from nwd_mmdet.datasets.checks.findings import Check, Fate, Finding, Level

_ORIENTATION = 0x0112  # of EXIF; from 5 on, width and height are exchanged

UNREADABLE = Check(
    'images-unreadable',
    'image files that cannot be decoded, or are cut short',
    Fate(
        Level.ERROR, 'training ends with "failed to load image", or, by the version of OpenCV, sees grey for the rest'
    ),
    'copy them anew from their source, or take them out of the annotations',
)
SIZE_DIFFERS = Check(
    'image-sizes',
    'images whose file has another size than the annotations say',
    Fate(Level.ERROR, 'boxes stay where they are in pixels of the file, and are cut and filtered by the wrong size'),
    'if the files were resized, scale boxes and sizes with them; else correct width and height',
)
ORIENTATION = Check(
    'image-orientation',
    'images that EXIF turns by 90°, annotated as they lie in the file',
    Fate(Level.ERROR, 'the loader turns the image, and the boxes stay where they were'),
    "turn the files themselves, or LoadImageFromFile(color_type='color_ignore_orientation') in all pipelines",
)
DEEP = Check(
    'more-than-8-bit',
    'images with more than 8 bits a channel',
    Fate(Level.HINT, 'read as 8 bits: 16 bits are divided by 256, so that dark images are nearly black'),
    'stretch them to 8 bits by their own range first',
)
SAME_CONTENT = Check(
    'same-content',
    'images whose file another image of the set repeats, byte by byte',
    Fate(Level.HINT, 'learned several times, each time with its own boxes'),
    'keep one of them',
)

CHECKS = (UNREADABLE, SIZE_DIFFERS, ORIENTATION, DEEP, SAME_CONTENT)


class Loader(NamedTuple):
    """How a pipeline reads images: the arguments of its LoadImageFromFile."""

    color_type: str = 'color'
    imdecode_backend: str | None = 'cv2'


@dataclass(frozen=True)
class ImageContent:
    """What reading a file gave.

    Attributes:
        error: Why it cannot be read; empty if it can.
        size: Width and height in px, as training sees them; None if it cannot be read.
        turned: Whether EXIF exchanges width and height.
        bits: Bits of a channel.
        digest: Of the bytes; equal for equal files.
    """

    error: str
    size: tuple[int, int] | None = None
    turned: bool = False
    bits: int = 8
    digest: bytes = b''

    @classmethod
    def read(cls, path: Path, loader: Loader) -> 'ImageContent':
        """Read a file as LoadImageFromFile does."""
        try:
            data = path.read_bytes()
            image = mmcv.imfrombytes(data, flag=loader.color_type, backend=loader.imdecode_backend)
        except Exception as failure:  # OpenCV's own, OSError, and whatever a backend raises
            return cls(f'{type(failure).__name__}: {" ".join(str(failure).split())}')
        digest = hashlib.blake2b(data, digest_size=16).digest()
        turned, bits, error = _header(data)
        if image is None or error:
            return cls(error or 'no image that OpenCV can decode', digest=digest)
        return cls('', (image.shape[1], image.shape[0]), turned, bits, digest)


def _header(data: bytes) -> tuple[bool, int, str]:
    """Whether EXIF turns an image, its bits a channel, and whether it is cut short; nothing of what Pillow cannot."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            turned = image.getexif().get(_ORIENTATION, 1) >= 5
            is_deep_png = image.format == 'PNG' and data[24] == 16
            bits = 16 if is_deep_png or image.mode.startswith('I;16') else 32 if image.mode in 'IF' else 8
            if image.format == 'JPEG':  # of which some versions of OpenCV return the part that is there
                image.draft('L', (1, 1))
                image.load()
            return turned, bits, ''
    except Exception as error:  # Pillow raises many kinds; what it cannot read OpenCV may
        return False, 8, str(error) if 'truncated' in str(error) else ''


def read_images(paths: Mapping[Path, Loader]) -> tuple[dict[Path, ImageContent], int]:
    """Read files, several at once, with a progress bar.

    Args:
        paths: Each file with how it is read.

    Returns:
        What was read, and how many files were not because Ctrl-C ended it.
    """
    contents: dict[Path, ImageContent] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = {pool.submit(ImageContent.read, path, loader): path for path, loader in paths.items()}
        try:
            for future in tqdm(as_completed(waiting), 'images', len(waiting), unit='img', delay=2):
                contents[waiting[future]] = future.result()
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            return contents, len(paths) - len(contents)
    return contents, 0


def check_contents(
    source: str,
    listed: Iterable[tuple[Path, tuple[float, float]]],
    contents: Mapping[Path, ImageContent],
    skipped: Fate | None = None,
) -> Iterator[Finding]:
    """Compare what was read with what is listed.

    Args:
        source: The annotation file.
        listed: Each image's file, and its width and height as annotated; NaN where there is none.
        contents: What was read; files that are not among it are passed over.
        skipped: What becomes of unreadable images, where that is something else than an error.
    """
    found: dict[Check, list[str]] = defaultdict(list)
    seen: dict[bytes, Path] = {}
    for path, size in listed:
        content = contents.get(path)
        if content is None:
            continue
        if content.digest and seen.setdefault(content.digest, path) != path:
            found[SAME_CONTENT].append(f'{path}, as {seen[content.digest].name}')
        if content.size is None:
            found[UNREADABLE].append(f'{path}: {content.error}')
        elif all(side > 0 for side in size) and content.size != size:
            text = f'{path}: {content.size[0]} × {content.size[1]} px, annotated {size[0]:g} × {size[1]:g} px'
            found[ORIENTATION if content.turned and content.size == size[::-1] else SIZE_DIFFERS].append(text)
        if content.bits > 8:
            found[DEEP].append(f'{path}: {content.bits} bits')
    for check in CHECKS:
        if lines := found[check]:
            fate = skipped if check is UNREADABLE and skipped else check.fate
            yield Finding(check, source, len(lines), lines[0], fate)
