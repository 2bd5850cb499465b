"""Experiments as tables, in READMEs and as JSON."""

import pytest
from conftest import ROOT

from nwd_mmdet.analysis.experiment_tables import NOT_MEASURED, tables, to_json, update_readme
from nwd_mmdet.analysis.experiments import Experiment, Run, read_experiments

PAPER = {'Table': 1, 'Row': 'IoU', 'Published': {'AP': 11.1, 'AP_50': 26.3}, 'Logged': None}
OWN = {'Table': 'Own sets', 'Row': 'SIRST', 'Published': None, 'Logged': {'AP': 4, 'AP_75': 1.25, 'Run': 'a.log'}}
EXPERIMENTS = [
    Experiment('own', 'own.py', {'model.scales': [2]}, [OWN]),
    Experiment('plain', 'a.py', {}, [PAPER], [Run('work_dirs/a', 7, {'AP': 20.0, 'AP_50': -1, 'AP_75': 5.04})]),
]


def test_tables_for_a_terminal() -> None:
    first, second = tables(EXPERIMENTS).split('\n\n')
    assert first.startswith('Table 1, AP / AP_50 / AP_75') and second.startswith('Own sets, AP')
    assert '| IoU | 11.1 / 26.3 | 20.0 / – / 5.0 (seed 7) | plain      |' in first
    assert 'logged' not in first, 'a column without a number'
    assert '4.0 / – / 1.2 (a.log)' in second and NOT_MEASURED in second


def test_tables_for_markdown() -> None:
    first, second = tables(EXPERIMENTS, markdown=True).split('### ')[1:]
    assert first.startswith('Table 1\n\n| row') and '| `a.py` ' in first
    assert "`own.py --work-dir work_dirs/own --cfg-options model.scales='[2]'`" in second


def test_json() -> None:
    own, paper = to_json(EXPERIMENTS)
    assert (own['measured'], own['logged']['AP'], own['published']) == (NOT_MEASURED, 4, None)
    assert (paper['table'], paper['row'], paper['experiment']) == ('1', 'IoU', 'plain')
    assert paper['measured'] == [{'seed': 7, 'source': 'work_dirs/a', 'metrics': EXPERIMENTS[1].runs[0].metrics}]
    assert paper['command'] == 'nwd-mmdet train a.py'


def test_readme_is_written_once(tmp_path) -> None:
    metafile, readme = tmp_path / 'metafile.yml', tmp_path / 'README.md'
    metafile.write_text('Models:\n  - {Name: a, Config: b.py, Rows: [{Table: 1, Row: IoU}]}\n')
    readme.write_text('# Title\n<!-- table: begin -->\nold\n<!-- table: end -->\nend\n')
    assert update_readme(metafile) == readme
    text = readme.read_text()
    assert text.startswith('# Title\n') and text.endswith('\nend\n') and 'old' not in text
    assert tables(read_experiments(metafile), markdown=True) in text
    assert update_readme(metafile) is None and readme.read_text() == text
    readme.write_text('no markers')
    assert update_readme(metafile) is None and readme.read_text() == 'no markers'


@pytest.mark.parametrize('metafile', sorted(ROOT.glob('configs/*/metafile.yml')), ids=lambda path: path.parent.name)
def test_readmes_of_the_configs(metafile) -> None:
    """The README has the tables that the tool makes."""
    readme = metafile.with_name('README.md').read_text(encoding='utf-8')
    table = tables(read_experiments(metafile), markdown=True)
    assert table in readme, 'run nwd-mmdet experiments --update-readmes'
