"""What every converter to COCO's format returns: the data set, and what was met on the way."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from terminaltables import AsciiTable

# Absolute sizes √(wh) in px that the summary counts by: AI-TOD's limits, and 2 px, below which it has no objects.
_LIMITS = (0, 2, 8, 16, 32, 64)


def empty_dataset(description: str, classes: Mapping[int, str]) -> dict[str, Any]:
    """A COCO data set without images.

    Args:
        description: Of the data set.
        classes: Category id → name.
    """
    categories = [{'id': number, 'name': name} for number, name in classes.items()]
    return {'info': {'description': description}, 'categories': categories, 'images': [], 'annotations': []}


@dataclass
class Conversion:
    """A converted split.

    Attributes:
        dataset: The COCO data set.
        counts: What was met and what was done with it.
        examples: For entries of ``counts``, where the first was.
    """

    dataset: dict[str, Any]
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def count(self, what: str, example: str = '', number: int = 1) -> None:
        """Count what was met; the first example is kept."""
        self.counts[what] += number
        if number and example:
            self.examples.setdefault(what, example)

    def add_image(self, file_name: str, size: tuple[int, int], **more: Any) -> None:
        """Add an image, to which the next objects belong.

        Args:
            file_name: Of the image, below the folder of all images.
            size: Width and height in px.
            **more: Further entries.
        """
        images = self.dataset['images']
        images.append({'id': len(images) + 1, 'file_name': file_name, 'width': size[0], 'height': size[1], **more})

    def add_object(self, category_id: int, box: list[Any], crowd: bool = False, **more: Any) -> None:
        """Add an object of the last image.

        Args:
            category_id: Its class.
            box: x, y, width and height in px.
            crowd: Whether it is ignored in training and evaluation.
            **more: Further entries.
        """
        annotations = self.dataset['annotations']
        entry = {'id': len(annotations) + 1, 'image_id': len(self.dataset['images']), 'category_id': category_id}
        annotations.append({**entry, 'bbox': box, 'area': box[2] * box[3], 'iscrowd': int(crowd), **more})

    def summary(self) -> str:
        """Objects per class and size, then everything out of the ordinary."""
        objects = [a for a in self.dataset['annotations'] if not a['iscrowd']]
        sizes = np.sqrt([a['area'] for a in objects])
        category = np.array([a['category_id'] for a in objects], int)
        header = [f'{low} – {high} px' for low, high in zip(_LIMITS, _LIMITS[1:])] + [f'from {_LIMITS[-1]} px']
        rows = [['class', 'objects', *header]]
        for name, chosen in [
            *((c['name'], category == c['id']) for c in self.dataset['categories']),
            ('all', np.ones(len(objects), bool)),
        ]:
            histogram = np.histogram(sizes[chosen], [*_LIMITS, np.inf])[0]
            rows.append([name, f'{chosen.sum():,}', *(f'{count:,}' for count in histogram)])
        lines = [AsciiTable(rows, f'{len(self.dataset["images"]):,} images, absolute size √(wh)').table]
        for what, count in sorted(self.counts.items()):
            example = f' (the first: {self.examples[what]})' if what in self.examples else ''
            lines += [f'{count:,} {what}{example}'] if count else []
        return '\n'.join(lines)
