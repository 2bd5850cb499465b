"""Small training sets and splits: part of the images of a COCO annotation file, and the rest."""

import random
from typing import Any


def take_subset(coco: dict[str, Any], fraction: float, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the images in two, drawn at random, with their annotations; ids and categories stay.

    As in the Alpha-IoU paper's appendix B.2.2, where 50 and 25 per cent of Pascal VOC's 16,551 training images are
    8,276 and 4,138. With the same seed a smaller fraction is a part of a larger one.

    Args:
        coco: A COCO annotation file, read.
        fraction: In (0, 1]; the number of images is rounded, and is 1 at least.
        seed: Of the draw.

    Returns:
        The part and the rest, two new annotation files; their images are in the order of ``coco``.

    Raises:
        ValueError: A fraction outside (0, 1], a file without images.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f'fraction={fraction} must be above 0 and at most 1, e.g. 0.25')
    if not coco.get('images'):
        raise ValueError('the annotation file has no images to take a part of')
    order = [image['id'] for image in coco['images']]
    random.Random(seed).shuffle(order)
    count = max(1, round(fraction * len(order)))
    return _with_images(coco, set(order[:count])), _with_images(coco, set(order[count:]))


def _with_images(coco: dict[str, Any], kept: set[Any]) -> dict[str, Any]:
    return {
        **coco,
        'images': [image for image in coco['images'] if image['id'] in kept],
        'annotations': [annotation for annotation in coco['annotations'] if annotation['image_id'] in kept],
    }
