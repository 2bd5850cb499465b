"""The page: self-contained, with every number, and pictures whose ids do not clash."""

import re
from pathlib import Path

import pytest

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector
from nwd_mmdet.analysis.imbalance.page.plots import draw_bars
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing, Picture, Remark, Section, Table
from nwd_mmdet.analysis.imbalance.page.writing import balance_cells, write_page

DETECTOR = MeasuredDetector('<IoU>', 'a.py', None, data={'images': 1200, 'objects': 34})


def test_everything_is_inside(tmp_path: Path) -> None:
    bars = draw_bars(['a', 'b'], {'one': [1, 2], 'two': [None, 3]}, 'objects')
    parts = [
        Balances.of('sizes', {'<IoU>': [30, 0, 10]}, ordered=True),
        Table('Things', ('what', 'number'), [('x', '12')]),
        *(Picture('first', bars, 'One.'), Picture('second', bars, 'Two.')),
        *(Remark('A & B.'), Missing('Not measured.')),
    ]
    write_page(tmp_path / 'report.html', [DETECTOR], [Section.of('box_scale', parts)], complete=False)
    text = (tmp_path / 'report.html').read_text()
    assert 'Interrupted' in text and '&lt;IoU&gt;' in text and 'A &amp; B.' in text and '1,200' in text
    assert 'Sizes of objects' in text and 'mmdet::tridentnet/tridentnet_r50-caffe_1x_coco.py' in text
    assert 'Not measured.' in text and '<td class="number">12</td>' in text
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
    bins, empty, entropy, gini, *others = balance_cells(measure_balance(counts).as_dict())
    assert others == [ratio, move, verdict]
    assert (
        bins == str(len(counts))
        and empty == str(counts.count(0))
        and (entropy == '–') == (gini == '–') == (ratio == '–')
    )
