"""The NWD paper's Figures 1 and 2, drawn from :mod:`nwd_mmdet.overlaps`."""

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nwd_mmdet.analysis.figures.style import COLOURS, MARKERS, open_frame, save
from nwd_mmdet.analysis.overlap_curves import deviation_curve

_DEVIATIONS = torch.arange(13)


def draw_sensitivity(path: Path, sizes: tuple[int, int] = (6, 36), constant: float = 12.8) -> None:
    """Figure 1: what a deviation of 1 and of 4 px along the diagonal costs a tiny and a normal object.

    Args:
        path: File to write; its ending says the format.
        sizes: Sides of the two objects in px.
        constant: C of the NWD in px.
    """
    figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout='constrained')
    for axis, size in zip(axes, sizes, strict=True):
        margin = size / 8
        low, high = -margin, size + 4 + margin
        axis.set(xlim=(low, high), ylim=(high, low), aspect='equal', title=f'object A of {size} × {size} px')
        axis.set_xticks(range(size + 5))
        axis.set_yticks(range(size + 5))
        axis.grid(color='0.9', linewidth=0.5)
        axis.set_axisbelow(True)
        axis.tick_params(bottom=False, left=False, labelbottom=False, labelleft=False)
        for name, shift, side, colour in (
            ('A', 0, 'right', COLOURS[2]),
            ('B', 1, 'left', COLOURS[0]),
            ('C', 4, 'left', COLOURS[3]),
        ):
            axis.add_patch(Rectangle((shift, shift), size, size, fill=False, edgecolor=colour, linewidth=2))
            x = shift - margin / 8 if side == 'right' else shift + size + margin / 8
            axis.text(x, shift + 0.3 * size, name, color=colour, ha=side, va='center', weight='bold')
        iou = deviation_curve('iou', size, [1, 4]).tolist()
        nwd = deviation_curve('nwd', size, [1, 4], constant=constant).tolist()
        axis.set_xlabel(
            f'A and B: IoU {iou[0]:.2f}, NWD {nwd[0]:.2f}\nA and C: IoU {iou[1]:.2f}, NWD {nwd[1]:.2f}', fontsize=12
        )
    save(figure, path)


def draw_deviation_curves(path: Path, sizes: tuple[int, ...] = (6, 12, 24, 36), constant: float = 12.8) -> None:
    """Figure 2: IoU and NWD of a box that moves along an object's diagonal, of its size and of half its size.

    Args:
        path: File to write; its ending says the format.
        sizes: Sides of the objects in px, at most four.
        constant: C of the NWD in px.
    """
    figure, axes = plt.subplots(2, 2, figsize=(9, 5.6), sharex=True, sharey=True, layout='constrained')
    for row, scale, kind in ((0, 1.0, 'as large as the object'), (1, 0.5, 'half as large')):
        for column, name, params in ((0, 'iou', {}), (1, 'nwd', {'constant': constant})):
            _draw_curves(axes[row, column], name, sizes, scale, params)
        axes[row, 0].set_ylabel(f'overlap, box {kind}')
        axes[row, 1].text(12.3, 0.3, 'background\nbelow 0.3', va='center', color='0.4', fontsize=8)
    axes[0, 0].set_title('IoU')
    axes[0, 1].set_title(f'NWD, C = {constant} px')
    for axis in axes[1]:
        axis.set_xlabel('box moved along the diagonal by (d, d), d in px')
    axes[0, 0].legend(frameon=False, fontsize=8)
    save(figure, path)


def _draw_curves(axis: Axes, name: str, sizes: tuple[int, ...], scale: float, params: dict[str, float]) -> None:
    for size, colour, marker in zip(sizes, COLOURS, MARKERS):
        curve = deviation_curve(name, size, _DEVIATIONS, scale, **params)
        axis.plot(_DEVIATIONS, curve, marker, color=colour, markersize=5, fillstyle='none', label=f'{size} px object')
    axis.axhline(0.3, color='0.6', linewidth=0.8)
    axis.set(xlim=(-0.3, 12.2), ylim=(0, 1.04))
    open_frame(axis)
