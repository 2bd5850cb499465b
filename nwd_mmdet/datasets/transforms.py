"""Transforms of annotations for mmdet's pipelines."""

import zlib
from collections import defaultdict
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import get_box_tensor
from numpy.typing import NDArray

from nwd_mmdet.overlaps import aligned

FloatArray = NDArray[np.float64]

_SMALLEST = 1.0  # px; the paper asks for sides above 0, and mmdet drops boxes under 1 px


def add_noise(boxes: FloatArray, shape: tuple[int, int], rate: float, rng: np.random.Generator) -> FloatArray:
    """Move and resize boxes at random, inside their image.

    Alpha-IoU paper (He et al., NeurIPS 2021), section 4.3: centre and width change by up to η times the width, centre
    and height by up to η times the height, all uniformly and independently; then eq. 5 keeps the box in the image.

    Args:
        boxes: Shape [N, 4], xyxy in px.
        shape: Height and width of the image in px.
        rate: Noise rate η in [0, 1).
        rng: Where the noise comes from.

    Returns:
        Shape [N, 4], xyxy in px, sides of at least 1 px.
    """
    size, limit = boxes[:, 2:] - boxes[:, :2], np.array([shape[1], shape[0]], float)
    noise = rng.uniform(-rate, rate, (2, len(boxes), 2))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + noise[0] * size
    size = np.clip(size + noise[1] * size, np.minimum(_SMALLEST, limit), limit)
    centre = np.clip(centre, size / 2, limit - size / 2)
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def noise_rng(image: str, seed: int = 0) -> np.random.Generator:
    """The generator of an image's noise, from its file name, without folders, and a seed."""
    name = image.replace('\\', '/').rpartition('/')[2]
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def mean_overlap_with_noise(coco: dict[str, Any], rate: float, seed: int = 0) -> float:
    """Mean IoU of the boxes of a COCO annotation file with what :class:`NoisyBoxes` makes of them.

    Published as 0.833, 0.710 and 0.613 for rates of 0.1, 0.2 and 0.3 on Pascal VOC.

    Args:
        coco: A COCO annotation file, read; its images have ``width`` and ``height``. Crowds are left out.
        rate: Noise rate η in [0, 1).
        seed: As in the transform.

    Raises:
        ValueError: No box to move.
    """
    by_image = defaultdict(list)
    for annotation in coco['annotations']:
        if not annotation.get('iscrowd', 0):
            by_image[annotation['image_id']].append(annotation['bbox'])
    overlaps = []
    for image in coco['images']:
        if image['id'] in by_image:
            boxes = np.array(by_image[image['id']], float)
            boxes[:, 2:] += boxes[:, :2]
            rng = noise_rng(image['file_name'], seed)
            noisy = add_noise(boxes, (image['height'], image['width']), rate, rng)
            overlaps.append(aligned('iou', torch.from_numpy(boxes), torch.from_numpy(noisy)))
    if not overlaps:
        raise ValueError('the annotation file has no boxes')
    return float(torch.cat(overlaps).mean())


@TRANSFORMS.register_module()
class NoisyBoxes(BaseTransform):
    """Give every training box the same wrong place in every epoch: inaccurate annotations, see :func:`add_noise`.

    Goes right behind ``LoadAnnotations``. The noise of an image depends on the seed and the image's file name, not on
    the order of loading or on processes. Regions to ignore stay.
    ``nwd-mmdet box-noise ANNOTATIONS.json`` prints the mean IoU with the clean boxes.

    Required keys: ``img_path``, ``img_shape``, ``gt_bboxes``. Modified: ``gt_bboxes``.

    Args:
        rate: Noise rate η in [0, 1); the paper has 0.1, 0.2 and 0.3.
        seed: Another seed is another set of annotations.

    Raises:
        ValueError: A rate outside [0, 1).
    """

    def __init__(self, rate: float, seed: int = 0) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f'rate={rate} must be in [0, 1), e.g. 0.1')
        self.rate, self.seed = rate, seed

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace the boxes of one image."""
        boxes = get_box_tensor(results['gt_bboxes'])
        rng = noise_rng(str(results['img_path']), self.seed)
        noisy = add_noise(boxes.double().numpy(), results['img_shape'][:2], self.rate, rng)
        ignored = np.asarray(results.get('gt_ignore_flags', np.zeros(len(boxes))), bool)
        moved = torch.where(torch.from_numpy(ignored)[:, None], boxes, torch.from_numpy(noisy).to(boxes))
        bboxes = results['gt_bboxes']
        results['gt_bboxes'] = moved if bboxes is boxes else type(bboxes)(moved)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(rate={self.rate}, seed={self.seed})'
