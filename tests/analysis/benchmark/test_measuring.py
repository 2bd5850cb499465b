import time

import numpy as np
import pytest

from nwd_mmdet.analysis.benchmark.measuring import environment, measure


def test_time_is_the_median(capsys) -> None:
    waits = iter([0.3, 0.01, 0.01])
    cost = measure(lambda: print('said', time.sleep(next(waits))), 'cpu', repeats=3)
    assert 0.01 <= cost.seconds < 0.25
    assert capsys.readouterr().out == ''


def test_memory_is_the_peak() -> None:
    cost = measure(lambda: np.ones(25_000_000).sum(), 'cpu', repeats=1)
    if cost.megabytes == 0:
        pytest.skip('the peak of a process cannot be reset here')
    assert 190 < cost.megabytes < 300


def test_environment_names_the_versions() -> None:
    assert 'CPU threads' in environment('cpu') and 'torch 2.' in environment('cpu')
