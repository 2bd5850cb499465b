"""The tool that evaluates detections in files."""

import json

import pytest
from coco_data import arrays, draw_data, write
from tool_runs import run_tool

from nwd_mmdet.evaluation import evaluate

TOOL = 'analysis_tools/eval_json.py'


def test_it_writes_all_numbers(tmp_path, monkeypatch, capsys):
    dataset, results = draw_data(1)
    gt, dt, out = write(tmp_path / 'gt.json', dataset), write(tmp_path / 'dt.json', results), tmp_path / 'new/out.json'
    run_tool(monkeypatch, TOOL, gt, dt, '--protocol', 'visdrone', '--out', out)
    written = json.loads(out.read_text())
    assert written == evaluate(*arrays(dataset, results), 'visdrone').to_json()
    assert {'AR_300', 'AP_75_95', 'AP_per_iou', 'classwise'} <= written.keys()
    assert f'{written["AP"]:.3f}' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('gt', 'dt', 'message'),
    [
        (None, [], r'gt\.json does not exist'),
        ('{', [], r'gt\.json is not valid JSON'),
        ({}, [], 'not a COCO data set'),
        ({'images': [], 'categories': []}, {'annotations': []}, r'dt\.json: not COCO detections'),
    ],
)
def test_it_explains_bad_files(tmp_path, monkeypatch, gt, dt, message):
    if gt is not None:
        write(tmp_path / 'gt.json', gt)
    write(tmp_path / 'dt.json', dt)
    with pytest.raises(SystemExit, match=message):
        run_tool(monkeypatch, TOOL, tmp_path / 'gt.json', tmp_path / 'dt.json')
