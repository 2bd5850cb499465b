"""Plots: all kinds of numbers, and more detectors than colours."""

from nwd_mmdet.analysis.figures.style import COLOURS
from nwd_mmdet.analysis.imbalance.page.plots import draw_bars, draw_curves, draw_heat_maps, draw_histogram


def test_plots_take_all_kinds_of_numbers() -> None:
    """Nothing, zeros, None, many names; and the same numbers give the same file."""
    many = [f'class number {index}' for index in range(80)]
    assert 'class number 79' in draw_bars(many, {'x': list(range(80))}, 'y', log=True).replace('<!-- ', '')
    for svg in (
        draw_bars([], {'x': []}, 'y'),
        draw_bars(['a'], {'x': [0]}, 'y'),
        draw_histogram([-0.5, 0.5, 1.5], {'x': [0, 0]}, 'x', 'y'),
        draw_histogram([1, 2, 4], {'x': [1, None], 'y': [0, 5]}, 'x', 'y', log_x=True, log_y=True),
        draw_curves({'a': ([1, 2], [3.0, 4.0])}, 'x', 'y', log_y=True),
        draw_heat_maps({'a': [[0, 0], [0, 0]], 'b': [[1, 2], [3, 4]]}, 'x', 'y', (0, 1, 0, 1), upwards=True),
    ):
        assert svg.rstrip().endswith('</svg>')
    assert draw_bars(['a'], {'x': [1]}, 'y') == draw_bars(['a'], {'x': [1]}, 'y')


def test_every_series_is_drawn() -> None:
    labels = [f'detector {index}' for index in range(len(COLOURS) + 2)]
    for svg in (
        draw_bars(['a'], {label: [1] for label in labels}, 'y'),
        draw_histogram([0, 1], {label: [1] for label in labels}, 'x', 'y'),
        draw_curves({label: ([1, 2], [3.0, 4.0]) for label in labels}, 'x', 'y'),
    ):
        assert all(f'<!-- {label} -->' in svg for label in labels)
