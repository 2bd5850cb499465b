"""The tool that says how far NoisyBoxes takes the boxes."""

import json
from pathlib import Path

import pytest
from tool_runs import run_tool

from nwd_mmdet.datasets.transforms import mean_overlap_with_noise

TOOL = 'dataset_converters/box_noise.py'
COCO = {
    'images': [{'id': 3, 'file_name': 'b/image.png', 'width': 120, 'height': 100}],
    'annotations': [{'image_id': 3, 'bbox': [10, 10, 20, 30]}, {'image_id': 3, 'bbox': [50, 50, 10, 10]}],
}


def test_it_prints_the_mean_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / 'gt.json'
    path.write_text(json.dumps(COCO))
    run_tool(monkeypatch, TOOL, path)
    printed = capsys.readouterr().out
    assert '0.710' in printed and f'{mean_overlap_with_noise(COCO, 0.3):.3f}' in printed
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, path, '--rates', 1)
    assert '--rates 1 must be in' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('content', 'message'),
    [({'images': [], 'annotations': []}, 'no boxes'), ({'images': []}, "no COCO annotation file.*'annotations'")],
)
def test_a_file_without_boxes_is_refused(
    content: dict, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'gt.json'
    path.write_text(json.dumps(content))
    with pytest.raises(SystemExit, match=f'box_noise.py: .*{message}'):
        run_tool(monkeypatch, TOOL, path)
