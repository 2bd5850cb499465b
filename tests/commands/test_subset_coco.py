"""The tool that writes small training sets."""

import json
from pathlib import Path

import pytest
from tool_runs import run_tool

from nwd_mmdet.datasets.subset import take_subset

TOOL = 'dataset_converters/subset_coco.py'
COCO = {
    'images': [{'id': 7 * i, 'file_name': f'{i}.jpg', 'width': 90, 'height': 60} for i in range(8)],
    'annotations': [{'id': i, 'image_id': 7 * (i // 2), 'bbox': [1, 2, 30, 40]} for i in range(16)],
    'categories': [{'id': 1, 'name': 'thing'}],
}


def test_it_writes_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    whole, part = tmp_path / 'all.json', tmp_path / 'new' / 'part.json'
    whole.write_text(json.dumps(COCO))
    run_tool(monkeypatch, TOOL, whole, part, '--fraction', 0.25)
    assert '2 of 8 images, 4 of 16 annotations' in capsys.readouterr().out
    assert json.loads(part.read_text()) == take_subset(COCO, 0.25)[0]


def test_it_writes_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    whole, part, rest = (tmp_path / f'{name}.json' for name in ('all', 'part', 'rest'))
    whole.write_text(json.dumps(COCO))
    run_tool(monkeypatch, TOOL, whole, part, '--fraction', 0.75, '--rest', rest)
    assert f'{rest}: 2 of 8 images, 4 of 16 annotations' in capsys.readouterr().out
    assert (json.loads(part.read_text()), json.loads(rest.read_text())) == take_subset(COCO, 0.75)
    rest.unlink()
    with pytest.raises(SystemExit, match='--fraction 1.0 of 8 images leaves none'):
        run_tool(monkeypatch, TOOL, whole, part, '--fraction', 1, '--rest', rest)
    assert not rest.exists()


@pytest.mark.parametrize(
    ('content', 'message'), [('{}', 'no images'), ('{"images": [{"id": 1}]}', "no COCO annotation file.*'annotations'")]
)
def test_a_file_without_images_is_refused(
    content: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / 'all.json'
    whole.write_text(content)
    with pytest.raises(SystemExit, match=f'subset_coco.py: .*{message}'):
        run_tool(monkeypatch, TOOL, whole, tmp_path / 'part.json', '--fraction', 0.25)
