"""The page: self-contained, with every number, and pictures whose ids do not clash."""

import re
from pathlib import Path

import pytest

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.page import Picture, Section, Table, balance_row, write_page
from nwd_mmdet.analysis.imbalance.plots import draw_bars, draw_curves, draw_heat_maps, draw_histogram

SUBJECT = dict(label='<IoU>', config='a.py', checkpoint=None, images=1200, objects=34, looked_at=0)


def test_everything_is_inside(tmp_path: Path) -> None:
    bars = draw_bars(['a', 'b'], {'one': [1, 2], 'two': [None, 3]}, 'objects')
    section = Section('box_scale', remarks=['A & B.'], absent=['Not measured.'])
    section.balances['sizes'] = {'<IoU>': measure_balance([30, 0, 10], ordered=True).as_dict()}
    section.tables.append(Table('Things', ('what', 'number'), [('x', '12')]))
    section.pictures += [Picture('first', bars, 'One.'), Picture('second', bars, 'Two.')]
    write_page(tmp_path / 'report.html', 'test', [SUBJECT], [section], complete=False)
    text = (tmp_path / 'report.html').read_text()
    assert 'Interrupted' in text and '&lt;IoU&gt;' in text and 'A &amp; B.' in text and '1,200' in text
    assert 'Sizes of objects' in text and 'mmdet::tridentnet/tridentnet_r50-caffe_1x_coco.py' in text
    assert text.count('<svg') == 2 and '<figcaption>Two.' in text
    outside = [link for link in re.findall(r'(?:src|href)="([^"]+)"', text) if not link.startswith('#')]
    assert not outside, 'opens offline'
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', text):
        assert reference in ids


@pytest.mark.parametrize(
    ('counts', 'ratio', 'move', 'verdict'),
    [
        ([5, 5, 5], '1.0 : 1', '0%', 'balanced'),
        ([1, 99], '99 : 1', '49%', 'strongly imbalanced'),
        ([3, 2, 0], '∞', '33%', 'imbalanced'),
        ([0, 0], '–', '–', 'nothing to measure'),
    ],
)
def test_cells_of_a_balance(counts: list[int], ratio: str, move: str, verdict: str) -> None:
    row = balance_row('what', 'label', measure_balance(counts).as_dict())
    assert (row['ratio'], row['move'], row['verdict']) == (ratio, move, verdict)


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
