"""AI-TOD and the images of xView that it is cut from, drawn small."""

import json
from pathlib import Path

import numpy as np
from PIL import Image


def annotate(root: Path, name: str, images: list[str], boxes: list[list[float]] | None = None) -> None:
    """An annotation file of AI-TOD with these images, and boxes in the first."""
    (root / 'annotations').mkdir(parents=True, exist_ok=True)
    content = {
        'images': [{'id': i, 'file_name': image, 'width': 800, 'height': 800} for i, image in enumerate(images)],
        'annotations': [{'id': i, 'image_id': 0, 'bbox': box} for i, box in enumerate(boxes or [])],
    }
    (root / 'annotations' / name).write_text(json.dumps(content))


def draw_tiff(path: Path, height: int, width: int) -> None:
    """A TIFF whose pixels say where they are: red is the column, green the row, blue 7."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((height, width, 3), 7, np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(width) % 251, (np.arange(height) % 251)[:, None]
    Image.fromarray(pixels).save(path)


def draw_sources(folder: Path) -> tuple[Path, Path]:
    """xView with two images of 20 x 26 and 5 x 7 px, and AI-TOD that lists windows of 8 px every 6 px."""
    xview, root = folder / 'xview', folder / 'aitod'
    draw_tiff(xview / '10.tif', 20, 26)
    draw_tiff(xview / '11.tif', 5, 7)
    (xview / '._10.tif').write_bytes(b'macOS')
    annotate(root, 'aitod_trainval_v1.json', ['10__0_0.png', '10__18_12.png', '11__0_0.png', 'P0001__1__0___0.png'])
    annotate(root, 'aitod_train_v1.json', ['10__0_0.png'])
    annotate(root, 'small_test_v2_2.0.json', ['10__6_12.png'])
    return xview, root
