"""The tool that draws the synthetic set."""

import cv2
import pytest
from tool_runs import run_tool

TOOL = 'dataset_converters/draw_synthetic.py'


def test_it_draws_once(tmp_path, monkeypatch, capsys):
    call = (tmp_path, '--train', 2, '--val', 1, '--size', 96, 64)
    run_tool(monkeypatch, TOOL, *call)
    assert '3 images drawn' in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / 'train/000001.png')).shape == (64, 96, 3)
    run_tool(monkeypatch, TOOL, *call)
    assert 'nothing to do' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='seed 0 there and 1 asked'):
        run_tool(monkeypatch, TOOL, *call, '--seed', 1)


@pytest.mark.parametrize('option', [('--size', 10), ('--size', 64, 64, 64), ('--train', 0), ('--seed', -1)])
def test_it_refuses(tmp_path, monkeypatch, capsys, option):
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, tmp_path, *option)
    assert option[0] in capsys.readouterr().err
