"""Colours, and files that are the same from the same numbers."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from nwd_mmdet.analysis.figures.style import COLOURS, DASHES, MARKERS, open_frame, save, svg_text


def draw() -> Figure:
    figure, axis = plt.subplots(figsize=(2, 2))
    axis.plot([1, 2], label='a line that a clip path goes with')
    return figure


def test_lines_can_be_told_apart() -> None:
    assert len({to_rgb(colour) for colour in COLOURS}) == 8
    assert len(set(DASHES)) == len(set(MARKERS)) == 5


@pytest.mark.parametrize('suffix', ['.svg', '.png'])
def test_same_file_each_time(suffix: str, tmp_path: Path) -> None:
    for name in 'ab':
        save(draw(), tmp_path / f'{name}{suffix}')
    content = (tmp_path / f'a{suffix}').read_bytes()
    assert content == (tmp_path / f'b{suffix}').read_bytes() and len(content) > 1000


def test_svg_for_a_page() -> None:
    text = svg_text(draw())
    assert text == svg_text(draw()) and '<svg' in text and '<dc:date>' not in text


def test_figures_are_closed_and_settings_left(tmp_path: Path) -> None:
    before, salt = plt.get_fignums(), plt.rcParams['svg.hashsalt']
    save(draw(), tmp_path / 'a.svg')
    svg_text(draw())
    assert plt.get_fignums() == before and plt.rcParams['svg.hashsalt'] == salt


def test_frame() -> None:
    figure, axes = plt.subplots(1, 2)
    open_frame(*axes)
    assert [axes[1].spines[side].get_visible() for side in ('top', 'right', 'left', 'bottom')] == [False] * 2 + [
        True
    ] * 2
    plt.close(figure)
