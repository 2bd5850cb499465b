"""Positive priors per object as bars."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt

from nwd_mmdet.analysis.figures.style import COLOURS, open_frame, save
from nwd_mmdet.analysis.positives import PositiveCounts


def draw_positives(path: Path, counts: Mapping[float, Mapping[str, PositiveCounts]]) -> None:
    """Objects without a positive prior, and positives per object, by overlap, object size and anchor size.

    Args:
        path: File to write; its ending says the format.
        counts: Side of the smallest anchor in px → overlap → counts, one column of panels per anchor size. Sizes that
            no object has are left out.
    """
    size = (1.4 + 3.0 * len(counts), 5.0)
    figure, axes = plt.subplots(
        2, len(counts), figsize=size, sharex=True, sharey='row', squeeze=False, layout='constrained'
    )
    for column, (anchor, by_overlap) in zip(axes.T, counts.items(), strict=True):
        width = 0.8 / len(by_overlap)
        for index, (overlap, part) in enumerate(by_overlap.items()):
            summary = {name: numbers for name, numbers in part.by_size().items() if numbers['objects']}
            places = [place + (index - (len(by_overlap) - 1) / 2) * width for place in range(len(summary))]
            colour = COLOURS[index % len(COLOURS)]
            for axis, key, factor in ((column[0], 'without', 100), (column[1], 'positives', 1)):
                heights = [factor * (numbers[key] or 0) for numbers in summary.values()]
                axis.bar(places, heights, width, color=colour, label=overlap)
            column[1].set_xticks(range(len(summary)), [f'{n}\n{v["objects"]:,}' for n, v in summary.items()])
        column[0].set_title(f'smallest anchor {anchor:g} px')
        open_frame(*column)
        for axis in column:
            axis.tick_params(axis='x', length=0)
    axes[0, 0].set(ylabel='objects without a positive, %', ylim=(0, 100))
    axes[1, 0].set_ylabel('positives per object')
    axes[1, 0].set_xlabel('size of the objects, and their number', loc='left')
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside right upper', frameon=False)
    save(figure, path)
