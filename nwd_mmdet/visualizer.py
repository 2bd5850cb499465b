"""Pictures on which tiny objects can be seen: enlarged, thin outlines around the objects, names below the image."""

from typing import Any

import cv2
import numpy as np
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmdet.visualization import DetLocalVisualizer
from mmdet.visualization.palette import get_palette
from mmengine.structures import InstanceData
from numpy.typing import NDArray

_LONGER_SIDE = 1024  # px, about; smaller images are enlarged to it
_STRIP = 24  # px, height of the line below the image
_FONT = cv2.FONT_HERSHEY_SIMPLEX, 0.5  # with its scale


@VISUALIZERS.register_module()
class TinyObjectVisualizer(DetLocalVisualizer):
    """DetLocalVisualizer for objects of a few pixels; draws boxes alone.

    The parent writes name and score over the upper left corner of each box and a line of 3 px along its edge, which
    covers an object of 10 px. Here images smaller than 1,024 px are enlarged by a whole factor, thin outlines in the
    colours of the classes run around the boxes rather than inside them, and a line below the image names the classes
    with their counts. Takes the parent's arguments, of which ``bbox_color`` has an effect.
    """

    def add_datasample(
        self,
        name: str,
        image: NDArray[np.uint8],
        data_sample: DetDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        **settings: Any,
    ) -> None:
        """Draw ground truth, detections, or both side by side; what the sample lacks is left out.

        The parent shows the bare image in its place, which is not of the size of the other one.
        """
        draw_gt = draw_gt and 'bboxes' in getattr(data_sample, 'gt_instances', ())
        draw_pred = draw_pred and 'bboxes' in getattr(data_sample, 'pred_instances', ())
        super().add_datasample(name, image, data_sample, draw_gt, draw_pred, **settings)

    def _draw_instances(
        self,
        image: NDArray[np.uint8],
        instances: InstanceData,
        classes: list[str] | None,
        palette: list[tuple] | None,
    ) -> NDArray[np.uint8]:
        """Draw the boxes of instances on an RGB image [H, W, 3]; return one of [H·k + 24, W·k, 3]."""
        height, width = image.shape[:2]
        factor = max(1, round(_LONGER_SIDE / max(height, width)))
        canvas = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
        canvas = cv2.copyMakeBorder(canvas, 0, _STRIP, 0, 0, cv2.BORDER_CONSTANT)
        boxes = get_box_tensor(instances.bboxes).reshape(-1, 4).numpy()
        labels = instances.labels.numpy()
        colors = get_palette(palette if self.bbox_color is None else self.bbox_color, int(labels.max(initial=0)) + 1)
        thickness = min(factor, 2)
        for (x1, y1, x2, y2), label in zip((boxes * factor).round().astype(int).tolist(), labels):
            cv2.rectangle(canvas[:-_STRIP], (x1 - 3, y1 - 3), (x2 + 2, y2 + 2), colors[label], thickness)
        words = [('detections:' if 'scores' in instances else 'ground truth:', (255, 255, 255))]
        for label, count in zip(*np.unique(labels, return_counts=True)):
            words.append((f'{classes[label] if classes else label} {count}', colors[label]))
        x = 6
        for word, color in words:
            cv2.putText(canvas, word, (x, height * factor + 17), *_FONT, color, 1, cv2.LINE_AA)
            x += cv2.getTextSize(word, *_FONT, 1)[0][0] + 14
        return canvas
