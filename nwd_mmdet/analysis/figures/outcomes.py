"""Figures and pictures, from the numbers of the other modules."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from nwd_mmdet.analysis.detection_outcomes import Outcome
from nwd_mmdet.analysis.positives import PositiveCounts

# Okabe and Ito's colours, which colour-blind readers can tell apart.
_COLOURS = ('#D55E00', '#E69F00', '#56B4E9', '#009E73', '#0072B2', '#CC79A7', '#000000', '#F0E442')

# Of the pictures with detections. The colours are those of the NWD paper's Figure 3, lighter for dark images; BGR.
_FOUND, _WRONG, _MISSED, _TEXT = (60, 220, 60), (255, 150, 50), (60, 60, 255), (255, 255, 255)
_LONGER_SIDE = 900  # px, about, of a panel; smaller images are enlarged to it
_NARROWEST = 640  # px; the text needs it
_LINE = 24  # px
_FONT = cv2.FONT_HERSHEY_SIMPLEX, 0.5  # with its scale


def draw_positives(path: Path, counts: Mapping[float, Mapping[str, PositiveCounts]]) -> None:
    """Objects without a positive prior, and positives per object, by overlap, object size and anchor size.

    Args:
        path: File to write; its ending says the format.
        counts: Side of the smallest anchor in px → overlap → counts, one column of panels per anchor size. Sizes that
            no object has are left out.
    """
    figure, axes = plt.subplots(
        2,
        len(counts),
        figsize=(1.4 + 3.0 * len(counts), 5.0),
        sharex=True,
        sharey='row',
        squeeze=False,
        layout='constrained',
    )
    for column, (anchor, by_overlap) in zip(axes.T, counts.items(), strict=True):
        width = 0.8 / len(by_overlap)
        for index, (overlap, part) in enumerate(by_overlap.items()):
            summary = {name: numbers for name, numbers in part.by_size().items() if numbers['objects']}
            places = [place + (index - (len(by_overlap) - 1) / 2) * width for place in range(len(summary))]
            colour = _COLOURS[index % len(_COLOURS)]
            for axis, key, factor in ((column[0], 'without', 100), (column[1], 'positives', 1)):
                heights = [factor * (numbers[key] or 0) for numbers in summary.values()]
                axis.bar(places, heights, width, color=colour, label=overlap)
            column[1].set_xticks(range(len(summary)), [f'{n}\n{v["objects"]:,}' for n, v in summary.items()])
        column[0].set_title(f'smallest anchor {anchor:g} px')
        for axis in column:
            axis.spines[['top', 'right']].set_visible(False)
            axis.tick_params(axis='x', length=0)
    axes[0, 0].set(ylabel='objects without a positive, %', ylim=(0, 100))
    axes[1, 0].set_ylabel('positives per object')
    axes[1, 0].set_xlabel('size of the objects, and their number', loc='left')
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside right upper', frameon=False)
    plt.rcParams['svg.hashsalt'] = 'nwd_mmdet'  # the same file from the same numbers
    figure.savefig(path, dpi=150, metadata={'Date': None} if path.suffix == '.svg' else None)
    plt.close(figure)


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
