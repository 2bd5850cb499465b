"""The Dual Weighting paper's Figures 3 and 5."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Rectangle

from nwd_mmdet.analysis.figures.style import COLOURS, DASHES, open_frame, save
from nwd_mmdet.analysis.weight_maps import ObjectMaps, negative_probability


def draw_negative_probability(path: Path, gammas: tuple[float, ...] = (1, 2, 3, 4, 5)) -> None:
    """Figure 3: P_neg against IoU for several γ1.

    Args:
        path: File to write; its ending says the format.
        gammas: Values of γ1, at most five.
    """
    iou = torch.linspace(0.4, 1, 241)
    figure, axis = plt.subplots(figsize=(5, 3.2), layout='constrained')
    for gamma, dash, colour in zip(gammas, DASHES, COLOURS):
        axis.plot(iou, negative_probability(gamma, iou), linestyle=dash, color=colour, label=f'γ1 = {gamma:g}')
    axis.set(xlabel='IoU', ylabel='P_neg', xlim=(0.4, 1), ylim=(-0.02, 1.05))
    open_frame(axis)
    axis.legend(frameon=False)
    save(figure, path)


def draw_weight_maps(path: Path, found: ObjectMaps) -> None:
    """Figure 5: score, IoU, and the positive and negative weights of each method around one object.

    Every map has its own scale, from 0 to the largest value, which stands above it.

    Args:
        path: File to write; its ending says the format.
        found: The object, and its maps.
    """
    maps, (x1, y1, x2, y2) = found.maps, found.box
    margin = max(0.5 * max(x2 - x1, y2 - y1), 2 * maps.stride)
    extent = (0, maps.score.shape[1] * maps.stride, maps.score.shape[0] * maps.stride, 0)
    columns = len(maps.weights) + 2
    figure, axes = plt.subplots(2, columns, figsize=(2.2 * columns, 4.8), layout='constrained')
    axes[0, 0].set_title(found.title, fontsize=9)
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
        axis.imshow(found.image, extent=(0, found.image.shape[1], found.image.shape[0], 0), zorder=1)
        outline = Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor='#00E5A0', linewidth=1.5, zorder=3)
        axis.add_patch(outline)
        axis.set(xlim=(x1 - margin, x2 + margin), ylim=(y2 + margin, y1 - margin), xticks=[], yticks=[])
    save(figure, path)
