"""Pictures of what detectors find and miss, as in the NWD paper's Figure 3."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from nwd_mmdet.analysis.detection_outcomes import Outcome

# The paper's colours, lighter for dark images; BGR.
_FOUND, _WRONG, _MISSED, _TEXT = (60, 220, 60), (255, 150, 50), (60, 60, 255), (255, 255, 255)
_LONGER_SIDE = 900  # px, about, of a panel; smaller images are enlarged to it
_NARROWEST = 640  # px; the text needs it
_LINE = 24  # px
_FONT = cv2.FONT_HERSHEY_SIMPLEX, 0.5  # with its scale


def draw_outcomes(image: NDArray[np.uint8], outcomes: Mapping[str, Outcome]) -> NDArray[np.uint8]:
    """Right detections in green, wrong ones in blue and missed objects in red, one panel per detector.

    As in the NWD paper's Figure 3. Small images are enlarged by a whole factor; the outlines run around the boxes, so
    that objects of a few pixels stay visible.

    Args:
        image: Shape [H, W, 3], BGR.
        outcomes: Title of the panel → what the detector made of this image.

    Returns:
        Panels side by side, each with a title and its counts, above a legend; BGR.
    """
    panels = [_panel(image, title, outcome) for title, outcome in outcomes.items()]
    gap = np.zeros((len(panels[0]), 6, 3), np.uint8)
    canvas = np.concatenate([part for panel in panels for part in (panel, gap)][:-1], 1)
    canvas = cv2.copyMakeBorder(canvas, 0, _LINE, 0, 0, cv2.BORDER_CONSTANT)
    legend = [
        ('green: an object found (TP)', _FOUND),
        ('blue: no such object (FP)', _WRONG),
        ('red: an object missed (FN)', _MISSED),
    ]
    _write(canvas, legend, len(canvas) - 7)
    return canvas


def _panel(image: NDArray[np.uint8], title: str, outcome: Outcome) -> NDArray[np.uint8]:
    factor = max(1, round(_LONGER_SIDE / max(image.shape[:2])))
    picture = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    thickness = min(factor, 2)
    for boxes, colour in ((outcome.missed, _MISSED), (outcome.wrong, _WRONG), (outcome.found, _FOUND)):
        for x1, y1, x2, y2 in (boxes * factor).round().int().tolist():
            cv2.rectangle(picture, (x1 - 3, y1 - 3), (x2 + 2, y2 + 2), colour, thickness)
    margin = max(0, _NARROWEST - picture.shape[1])
    panel = cv2.copyMakeBorder(picture, 2 * _LINE, 0, 0, margin, cv2.BORDER_CONSTANT)
    found, wrong, missed = outcome.counts
    _write(panel, [(title if len(title) <= 64 else f'...{title[-61:]}', _TEXT)], 17)
    _write(panel, [(f'TP {found}', _FOUND), (f'FP {wrong}', _WRONG), (f'FN {missed}', _MISSED)], _LINE + 15)
    return panel


def _write(canvas: NDArray[np.uint8], words: list[tuple[str, tuple[int, int, int]]], y: int) -> None:
    """Write words, each in its colour, on a line of the canvas."""
    x = 6
    for word, colour in words:
        cv2.putText(canvas, word, (x, y), *_FONT, colour, 1, cv2.LINE_AA)
        x += cv2.getTextSize(word, *_FONT, 1)[0][0] + 14
