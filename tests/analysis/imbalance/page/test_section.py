"""Sections: parts sorted by kind, pictures with a name and ids of their own."""

import re

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.page.plots import draw_bars
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing, Picture, Remark, Section, Table
from nwd_mmdet.analysis.imbalance.remedies import PROBLEMS


def test_parts_are_sorted_by_kind() -> None:
    balances, table = Balances.of('sizes', {'one': [1, 3]}, ordered=True), Table('caption', ('a',), [('1',)])
    parts = [Missing('No.'), table, Remark('A.'), Balances('nothing', {}), balances, Remark('B.')]
    section = Section.of('box_scale', iter(parts))
    assert section == Section('box_scale', [balances], ['A.', 'B.'], [table], [], ['No.'])
    assert section.problem is PROBLEMS['box_scale']
    assert balances.numbers == {'one': measure_balance([1, 3], ordered=True).as_dict()}


def test_pictures_of_one_name_are_numbered() -> None:
    names = [picture.name for picture in Section.of('x', [Picture(name, '', '') for name in 'abaca']).pictures]
    assert names == ['a', 'b', 'a-2', 'c', 'a-3']


def test_ids_of_pictures_do_not_clash() -> None:
    svg = draw_bars(['a'], {'x': [1]}, 'y')
    first, second = (Picture(name, svg, '').inline for name in ('first', 'second'))
    ids = [set(re.findall(r'\bid="([^"]+)"', element)) for element in (first, second)]
    assert ids[0] and not ids[0] & ids[1]
    assert set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', first)) <= ids[0]
    assert first.startswith('<svg'), 'without the XML declaration'
