"""The tool that converts VisDrone-DET's annotations."""

import json
from pathlib import Path

import pytest
from tool_runs import run_tool
from visdrone_data import write_split

TOOL = 'dataset_converters/visdrone2coco.py'


def test_it_converts_a_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    split, out = write_split(tmp_path), tmp_path / 'new' / 'out.json'
    run_tool(monkeypatch, TOOL, split, out)
    assert 'pedestrian' in capsys.readouterr().out and len(json.loads(out.read_text())['images']) == 3
    sizes = tmp_path / 'sizes.csv'
    sizes.write_text('file_name,width,height\na.jpg,100,80\n')
    run_tool(monkeypatch, TOOL, split, out, '--sizes', sizes, '--skip-missing')
    assert 'Left out: b, c' in capsys.readouterr().out and len(json.loads(out.read_text())['images']) == 1
    for arguments, message in (
        ((out.parent, out), 'no text files in .*annotations'),
        ((split, out / 'below_a_file.json'), 'visdrone2coco.py: .*out.json'),
    ):
        with pytest.raises(SystemExit, match=message):
            run_tool(monkeypatch, TOOL, *arguments)
