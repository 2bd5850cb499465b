import re

from conftest import ROOT

from nwd_mmdet.analysis.benchmark.page import HEADER, measured_line, page
from nwd_mmdet.analysis.benchmark.rows import Row


def words(text: str) -> str:
    """Without what is measured, and on what."""
    return re.sub(r'^(> |\| ).*\n', '', text, flags=re.MULTILINE)


def test_lines_of_the_table() -> None:
    calls = []
    row = Row('both', lambda: calls.append('ours'), 'theirs', lambda: calls.append('theirs'), repeats=2)
    cells = measured_line(row, 'cpu').strip('| ').split(' | ')
    assert cells[:2] == ['both', 'theirs'] and len(cells) == HEADER[0].count('|') - 1
    assert cells[2].endswith(' ms') and cells[4].endswith(' ×**') and cells[6].endswith(' MB')
    assert calls.count('ours') == 11 and calls.count('theirs') == 2, 'once to compile, and five times as often'
    alone = measured_line(Row('ours alone', lambda: None), 'cpu').strip('| ').split(' | ')
    assert alone[1:3] == alone[4:6] == ['–', '–']


def test_the_page_in_docs_has_these_words() -> None:
    assert words((ROOT / 'docs/performance.md').read_text()) == words(page([], 'cpu'))
