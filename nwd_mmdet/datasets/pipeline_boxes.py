"""What a training pipeline makes of the objects, by running it on blank images: no image is read."""

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from mmdet.structures.bbox import get_box_tensor
from numpy.typing import NDArray
from torch import Tensor

from nwd_mmdet.settings import type_name

# Transforms that change pixels alone, which blank images have none of, and what turns the result into tensors.
PIXEL_TRANSFORMS = {
    *('PhotoMetricDistortion', 'YOLOXHSVRandomAug', 'Corrupt', 'CutOut', 'AutoContrast', 'Brightness', 'Color'),
    *('ColorTransform', 'Contrast', 'Equalize', 'Invert', 'Posterize', 'Sharpness', 'Solarize', 'Normalize'),
    'PackDetInputs',
}
_LABELS = 1 << 20  # more than there are classes


class DrawnBoxes(NamedTuple):
    """The objects of one image as training gets it.

    Attributes:
        shape: Height and width of the image in px.
        boxes: Shape [K, 4], float32, xyxy in px.
        labels: Shape [K], int64.
        original_sizes: Shape [K], float32: √(wh) of each object's box in px of its original image.
        ignored: Shape [K], bool.
    """

    shape: tuple[int, int]
    boxes: Tensor
    labels: Tensor
    original_sizes: Tensor
    ignored: Tensor


class BlankImages:
    """Takes the place of LoadImageFromFile in pipelines, and knows the objects again at their end.

    mmdet's transforms carry an object's label along wherever its box goes, from image to image in a mosaic as well. So
    while they run, the label holds the number of the object, too.
    """

    def __init__(self) -> None:
        self._sizes: list[float] = []

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Give the image of a data set its blank pixels."""
        shape = (results['height'], results['width'])
        results.update(img=np.zeros((*shape, 3), np.uint8), img_shape=shape, ori_shape=shape)
        for instance in results['instances']:
            x1, y1, x2, y2 = instance['bbox']
            instance['bbox_label'] += _LABELS * len(self._sizes)
            self._sizes.append(max((x2 - x1) * (y2 - y1), 0) ** 0.5)
        return results

    def replaced_in(self, value: Any) -> Any:
        """A data set's or pipeline's settings with blank images, and without what changes pixels alone."""
        if isinstance(value, dict):
            if type_name(value) == 'LoadImageFromFile':
                return self
            return {key: self.replaced_in(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            kept = [item for item in value if not (isinstance(item, dict) and type_name(item) in PIXEL_TRANSFORMS)]
            return type(value)(self.replaced_in(item) for item in kept)
        return value

    def objects(self, results: dict[str, Any]) -> DrawnBoxes:
        """The objects at the end of a pipeline."""
        coded: NDArray[np.int64] = np.asarray(results['gt_bboxes_labels'], np.int64)
        numbers, labels = np.divmod(coded, _LABELS)
        sizes = torch.tensor([self._sizes[number] for number in numbers], dtype=torch.float32)
        boxes = get_box_tensor(results['gt_bboxes']).float().reshape(-1, 4)
        ignored = torch.as_tensor(np.asarray(results['gt_ignore_flags'], bool))
        height, width = results['img_shape'][:2]
        return DrawnBoxes((int(height), int(width)), boxes, torch.from_numpy(labels), sizes, ignored)


def drawn(dataset: Any, count: int, objects: Callable[[dict[str, Any]], DrawnBoxes]) -> Iterator[DrawnBoxes]:
    """Images of a data set in a random order, each once, the same at every call.

    Args:
        dataset: Built with the pipelines of :meth:`BlankImages.replaced_in`.
        count: Number of images, at most that of the data set.
        objects: :meth:`BlankImages.objects`.
    """
    order = np.random.default_rng(0).permutation(len(dataset))[:count]
    with _fixed_random_numbers():
        for index in order.tolist():
            yield objects(dataset[index])


@contextlib.contextmanager
def _fixed_random_numbers() -> Iterator[None]:
    """Transforms draw from the global generators; they are seeded inside and go on as before afterwards."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
