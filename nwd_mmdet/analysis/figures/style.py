"""How figures look: one palette, and files that are the same from the same numbers."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers can tell apart.
COLOURS = ('#0072B2', '#E69F00', '#009E73', '#D55E00', '#CC79A7', '#56B4E9', '#000000', '#F0E442')

_SALT = {'svg.hashsalt': 'nwd_mmdet'}


def save(figure: Figure, path: Path) -> None:
    """Write the figure, the same file from the same numbers, and close it.

    Args:
        figure: Of pyplot.
        path: Its ending says the format.
    """
    with plt.rc_context(_SALT):
        figure.savefig(path, metadata={'Date': None} if path.suffix == '.svg' else None)
    plt.close(figure)


def svg_text(figure: Figure) -> str:
    """Return the figure as SVG text, the same from the same numbers, and close it."""
    buffer = io.StringIO()
    with plt.rc_context(_SALT):
        figure.savefig(buffer, format='svg', metadata={'Date': None})
    plt.close(figure)
    return buffer.getvalue()
