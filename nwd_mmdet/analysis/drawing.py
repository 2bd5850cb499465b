"""Figures, from the numbers of the other modules."""

from pathlib import Path

import matplotlib.pyplot as plt
import torch

from nwd_mmdet.analysis.overlap_curves import deviation_curve

# Okabe and Ito's colours, which colour-blind readers can tell apart, with line styles for print.
_STYLES = (('#D55E00', '-'), ('#E69F00', '--'), ('#009E73', '-.'), ('#0072B2', ':'))


def draw_overlap_curves(path: Path, sizes: tuple[int, ...] = (6, 12, 24, 36), constant: float = 12.8) -> None:
    """IoU and NWD of a box that moves away from an object of its own size, for objects of several sizes.

    Args:
        path: File to write; its ending says the format.
        sizes: Sides of the objects in px, at most four.
        constant: C of the NWD in px.
    """
    deviations = torch.linspace(0, 12, 241)
    plt.rcParams['svg.hashsalt'] = 'nwd_mmdet'  # the same file from the same numbers
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout='constrained')
    for axis, name, params in ((axes[0], 'iou', {}), (axes[1], 'nwd', {'constant': constant})):
        for index, size in enumerate(sizes):
            colour, style = _STYLES[index]
            # NWD does not depend on the size: thinner lines on top of each other show all four
            width = 2.0 if name == 'iou' else 5.0 - index
            curve = deviation_curve(name, size, deviations, **params)
            axis.plot(deviations, curve, style, color=colour, linewidth=width, label=f'{size} px object')
        axis.axhline(0.3, color='0.6', linewidth=0.8)
        axis.set_xlabel('box moved along the diagonal by (d, d), d in px')
        axis.set_title('IoU' if name == 'iou' else f'NWD, C = {constant} px')
        axis.set_ylim(0, 1.02)
        axis.set_xlim(0, 12)
        axis.spines[['top', 'right']].set_visible(False)
    axes[0].set_ylabel('overlap with the object')
    axes[1].text(12.2, 0.3, 'background\nbelow 0.3', va='center', color='0.4', fontsize=8)
    axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150, metadata={'Date': None} if path.suffix == '.svg' else None)
    plt.close(figure)
