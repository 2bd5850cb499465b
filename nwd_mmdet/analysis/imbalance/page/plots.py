"""Bars, histograms, curves and heat maps of one or several detectors, as SVG text for a page."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nwd_mmdet.analysis.figures.style import COLOURS, svg_text

# Hatches and dashes tell the colours apart in print.
_STYLES = tuple(zip(COLOURS, ('', '//', '..', 'xx', '\\\\', 'oo', '--', '++'), ('-', '--', ':', '-.') * 2))
_MOST_NAMES = 30  # classes that a panel of bars has room for

#: What a panel shows: label of the detector → its values.
Series = Mapping[str, Sequence[float | None]]


def draw_bars(names: Sequence[str], series: Series, label: str, log: bool = False) -> str:
    """Bars side by side for each name; where there are many names, those with the largest and the smallest values.

    Args:
        names: K names, from left to right.
        series: K values each; None draws no bar.
        label: Of the values.
        log: Logarithmic values.
    """
    if len(names) > _MOST_NAMES:
        first = [value or 0 for value in next(iter(series.values()))]
        order = np.argsort(first, kind='stable')[::-1]
        kept = [*order[: _MOST_NAMES // 2], *order[-_MOST_NAMES // 2 :]]
        names = [names[i] for i in kept]
        series = {key: [values[i] for i in kept] for key, values in series.items()}
    lying = max(map(len, names), default=0) * len(names) > 90
    size = (7.2, 0.8 + 0.21 * len(names) * max(1, 0.6 * len(series))) if lying else (7.2, 2.6)
    figure, axis = plt.subplots(figsize=size, layout='constrained')
    places, width = np.arange(len(names)), 0.8 / max(len(series), 1)
    for index, ((key, values), (colour, hatch, _)) in enumerate(zip(series.items(), itertools.cycle(_STYLES))):
        offset = (index - (len(series) - 1) / 2) * width
        heights = [0 if value is None else value for value in values]
        style: dict[str, Any] = dict(color=colour, hatch=hatch, edgecolor='white', linewidth=0.4, label=key)
        if lying:
            axis.barh(places + offset, heights, width, **style)
        else:
            axis.bar(places + offset, heights, width, **style)
    if lying:
        axis.set_yticks(places, names, fontsize=8)
        axis.invert_yaxis()
        axis.set_xlabel(label)
    else:
        axis.set_xticks(places, names)
        axis.set_ylabel(label)
    if log:
        (axis.set_xscale if lying else axis.set_yscale)('log')
    (axis.xaxis if lying else axis.yaxis).set_major_formatter(FuncFormatter(_thousands))
    return _finish(figure, axis, len(series) > 1)


def draw_histogram(
    edges: Sequence[float], series: Series, x: str, y: str, log_x: bool = False, log_y: bool = False
) -> str:
    """Outlines of distributions over the same bins.

    Args:
        edges: B + 1 edges; where they are half-way between whole numbers, bins are named by these.
        series: B counts each; drawn as shares of their sum in per cent.
        x: Label of the bins.
        y: What is counted.
        log_x: Logarithmic bins.
        log_y: Logarithmic shares.
    """
    figure, axis = plt.subplots(figsize=(7.2, 2.6), layout='constrained')
    for (key, values), (colour, _, dash) in zip(series.items(), itertools.cycle(_STYLES)):
        counts = np.array([value or 0 for value in values], float)
        shares = 100 * counts / max(counts.sum(), 1e-12)
        axis.stairs(shares, edges, color=colour, linestyle=dash, linewidth=1.6, label=key)
        axis.stairs(shares, edges, color=colour, alpha=0.15, fill=True)
    if log_x:
        axis.set_xscale('log', base=2)
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:.3g}'))
    elif edges[0] == -0.5:
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    used = np.flatnonzero(np.sum([[v or 0 for v in values] for values in series.values()], axis=0))
    if len(used):
        axis.set_xlim(edges[used[0]], edges[used[-1] + 1])
    axis.set(xlabel=x, ylabel=f'{y}, %')
    if log_y:
        axis.set_yscale('log')
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    else:
        axis.set_ylim(0, None)
    return _finish(figure, axis, len(series) > 1)


def draw_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], x: str, y: str, log_y: bool = False
) -> str:
    """Lines.

    Args:
        curves: Label → x and y.
        x: Label of x.
        y: Label of y.
        log_y: Logarithmic y.
    """
    figure, axis = plt.subplots(figsize=(7.2, 2.6), layout='constrained')
    for (key, (xs, ys)), (colour, _, dash) in zip(curves.items(), itertools.cycle(_STYLES)):
        axis.plot(xs, ys, color=colour, linestyle=dash, linewidth=1.6, label=key)
    axis.set(xlabel=x, ylabel=y)
    if log_y:
        axis.set_yscale('log')
    return _finish(figure, axis, len(curves) > 1)


def draw_heat_maps(
    maps: Mapping[str, Any], x: str, y: str, extent: tuple[float, float, float, float], upwards: bool = False
) -> str:
    """Densities side by side.

    Args:
        maps: Title → counts, shape [Y, X].
        x: Label of x.
        y: Label of y.
        extent: Smallest and largest x, smallest and largest y.
        upwards: Whether y grows upwards; by default downwards, as in images.
    """
    figure, axes = plt.subplots(
        1, len(maps), figsize=(1 + 2.9 * len(maps), 3.1), squeeze=False, layout='constrained', sharey=True
    )
    left, right, low, high = extent
    bounds, origin = ((left, right, low, high), 'lower') if upwards else ((left, right, high, low), 'upper')
    for axis, (title, counts) in zip(axes[0], maps.items()):
        values = np.array(counts, float)
        shares = 100 * values / max(values.sum(), 1e-12)
        image = axis.imshow(shares, cmap='cividis', extent=bounds, origin=origin, interpolation='nearest', vmin=0)
        figure.colorbar(image, ax=axis, shrink=0.8, label='%' if axis is axes[0, -1] else None)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel(x)
    axes[0, 0].set_ylabel(y)
    return svg_text(figure)


def _thousands(value: float, _: object) -> str:
    return f'{value:,.0f}' if abs(value) >= 10 or value == int(value) else f'{value:g}'


def _finish(figure: Figure, axis: Axes, legend: bool) -> str:
    axis.spines[['top', 'right']].set_visible(False)
    if legend:
        handles, labels = axis.get_legend_handles_labels()
        columns = max(1, 80 // (6 + max(map(len, labels))))
        figure.legend(handles, labels, loc='outside upper left', frameon=False, ncols=columns, fontsize=9)
    return svg_text(figure)
