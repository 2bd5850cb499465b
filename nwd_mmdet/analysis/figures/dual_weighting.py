"""The Dual Weighting paper's Figures 3 and 5."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Rectangle

from nwd_mmdet.analysis.figures.nwd import save
from nwd_mmdet.analysis.weight_maps import WeightMaps, negative_probability

_LINES = ('-', '--', '-.', ':', (0, (5, 1)))
_COLOURS = ('#000000', '#D55E00', '#009E73', '#0072B2', '#CC79A7')


def draw_negative_probability(path: Path, gammas: tuple[float, ...] = (1, 2, 3, 4, 5)) -> None:
    """Figure 3: P_neg against IoU for several γ1.

    Args:
        path: File to write; its ending says the format.
        gammas: Values of γ1, at most five.
    """
    iou = torch.linspace(0.4, 1, 241)
    figure, axis = plt.subplots(figsize=(5, 3.2), layout='constrained')
    for gamma, style, colour in zip(gammas, _LINES, _COLOURS):
        axis.plot(iou, negative_probability(gamma, iou), linestyle=style, color=colour, label=f'γ1 = {gamma:g}')
    axis.set(xlabel='IoU', ylabel='P_neg', xlim=(0.4, 1), ylim=(-0.02, 1.05))
    axis.spines[['top', 'right']].set_visible(False)
    axis.legend(frameon=False)
    save(figure, path)


def draw_weight_maps(
    path: Path, image: np.ndarray, box: tuple[float, float, float, float], title: str, maps: WeightMaps
) -> None:
    """Figure 5: score, IoU, and the positive and negative weights of each method around one object.

    Every map has its own scale, from 0 to the largest value, which stands above it.

    Args:
        path: File to write; its ending says the format.
        image: Shape [H, W, 3], uint8, RGB: what the network saw.
        box: The object, xyxy in px of the image.
        title: Over the picture of the object.
        maps: From :func:`~nwd_mmdet.analysis.weight_maps.weight_maps`.
    """
    margin = max(0.5 * max(box[2] - box[0], box[3] - box[1]), 2 * maps.stride)
    extent = (0, maps.score.shape[1] * maps.stride, maps.score.shape[0] * maps.stride, 0)
    figure, axes = plt.subplots(
        2, len(maps.weights) + 2, figsize=(2.2 * len(maps.weights) + 4.4, 4.8), layout='constrained'
    )
    axes[0, 0].set_title(title, fontsize=9)
    axes[1, 0].axis('off')
    panels = [(axes[0, 1], 'score', maps.score), (axes[1, 1], 'IoU', maps.iou)]
    for column, (name, pair) in enumerate(maps.weights.items(), 2):
        for row, (sign, values) in enumerate(zip(('pos', 'neg'), pair)):
            panels.append((axes[row, column], f'{name} w_{sign}', values))
    for axis, name, values in panels:
        largest = float(np.nanmax(values.numpy()))
        axis.imshow(values, extent=extent, cmap='inferno', vmin=0, vmax=largest or 1, alpha=0.75, zorder=2)
        axis.set_title(f'{name}, up to {largest:.2g}', fontsize=9)
    for axis in (axes[0, 0], *(panel[0] for panel in panels)):
        axis.imshow(image, extent=(0, image.shape[1], image.shape[0], 0), zorder=1)
        axis.add_patch(
            Rectangle(
                box[:2], box[2] - box[0], box[3] - box[1], fill=False, edgecolor='#00E5A0', linewidth=1.5, zorder=3
            )
        )
        axis.set(xlim=(box[0] - margin, box[2] + margin), ylim=(box[3] + margin, box[1] - margin), xticks=[], yticks=[])
    save(figure, path)
