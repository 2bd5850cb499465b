"""The taxonomy names configs that exist."""

from pathlib import Path

import mmdet
import pytest
from conftest import ROOT

from nwd_mmdet.analysis.imbalance.remedies import PROBLEMS

NAMED = sorted({remedy.where for problem in PROBLEMS.values() for remedy in problem.remedies if remedy.where})


@pytest.mark.parametrize('where', NAMED)
def test_configs_exist(where: str) -> None:
    if where.startswith('mmdet::'):
        folder = Path(mmdet.__path__[0]) / '.mim' / 'configs'
        assert (folder / where.removeprefix('mmdet::')).is_file()
    else:
        assert (ROOT / where).is_file()


def test_every_problem_of_the_review() -> None:
    sections = [problem.section for problem in PROBLEMS.values()]
    assert sections == ['4.1', '4.2.1', '4.2.2', '5.1', '5.2', '6.1', '6.2', '6.3', '6.5.4 and 6.5.5', '7']
