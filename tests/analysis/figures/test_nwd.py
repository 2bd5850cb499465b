"""Figures of the NWD paper."""

import pytest

from nwd_mmdet.analysis.figures.nwd import draw_deviation_curves, draw_sensitivity


@pytest.mark.parametrize('draw', [draw_sensitivity, draw_deviation_curves])
def test_figure_is_the_same_each_time(draw, tmp_path) -> None:
    for name in ('a.svg', 'b.svg'):
        draw(tmp_path / name)
    assert (tmp_path / 'a.svg').read_bytes() == (tmp_path / 'b.svg').read_bytes()
