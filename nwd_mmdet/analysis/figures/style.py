"""What all figures have in common: their colours, and files that are the same from the same numbers."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers can tell apart.
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#D55E00', '#CC79A7', '#56B4E9', '#000000', '#F0E442')
#: Dashes and markers that tell the first five apart in print.
DASHES = ('-', '--', '-.', ':', (0, (5, 1)))
MARKERS = ('o', 's', '^', 'D', 'v')

_REPEATABLE = {'svg.hashsalt': 'nwd_mmdet'}


def open_frame(*axes: Axes) -> None:
    """Leave out the lines above and to the right of the data."""
    for axis in axes:
        axis.spines[['top', 'right']].set_visible(False)


def save(figure: Figure, path: Path) -> None:
    """Write a figure to a file, whose ending says the format, with the folders it needs; closes the figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(_REPEATABLE):
        figure.savefig(path, dpi=150, metadata={'Date': None} if path.suffix == '.svg' else None)
    plt.close(figure)


def svg_text(figure: Figure) -> str:
    """A figure as SVG, to put into a page; closes the figure."""
    buffer = io.StringIO()
    with plt.rc_context(_REPEATABLE):
        figure.savefig(buffer, format='svg', metadata={'Date': None})
    plt.close(figure)
    return buffer.getvalue()
