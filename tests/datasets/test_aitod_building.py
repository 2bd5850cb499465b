"""AI-TOD's images from xView, on drawn TIFFs, and the check of what is there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from nwd_mmdet.datasets.aitod_building import build, cut_window, find_windows, window_starts
from nwd_mmdet.datasets.aitod_files import find_annotation_files
from nwd_mmdet.datasets.aitod_verification import table, verify

TOOLS = ROOT / 'tools' / 'dataset_converters'


def annotate(root: Path, name: str, images: list[str], boxes: list[list[float]] | None = None) -> None:
    """An annotation file of AI-TOD with these images, and boxes in the first."""
    (root / 'annotations').mkdir(parents=True, exist_ok=True)
    content = {
        'images': [{'id': i, 'file_name': image, 'width': 800, 'height': 800} for i, image in enumerate(images)],
        'annotations': [{'id': i, 'image_id': 0, 'bbox': box} for i, box in enumerate(boxes or [])],
    }
    (root / 'annotations' / name).write_text(json.dumps(content))


def draw_tiff(path: Path, height: int, width: int) -> np.ndarray:
    """A TIFF whose pixels say where they are: red is the column, green the row, blue 7. Returns it as RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((height, width, 3), 7, np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(width) % 251, (np.arange(height) % 251)[:, None]
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """xView with two images of 20 x 26 and 5 x 7 px, and AI-TOD that lists windows of 8 px every 6 px."""
    xview, root = tmp_path / 'xview', tmp_path / 'aitod'
    draw_tiff(xview / '10.tif', 20, 26)
    draw_tiff(xview / '11.tif', 5, 7)
    (xview / '._10.tif').write_bytes(b'macOS')
    annotate(root, 'aitod_trainval_v1.json', ['10__0_0.png', '10__18_12.png', '11__0_0.png', 'P0001__1__0___0.png'])
    annotate(root, 'aitod_train_v1.json', ['10__0_0.png'])
    annotate(root, 'small_test_v2_2.0.json', ['10__6_12.png'])
    return xview, root


@pytest.mark.parametrize(
    ('length', 'starts'),
    [
        (500, [0]),
        (800, [0]),
        (801, [0, 1]),
        (1400, [0, 600]),
        (1500, [0, 600, 700]),
        (3000, [0, 600, 1200, 1800, 2200]),
    ],
)
def test_windows_along_a_side(length: int, starts: list[int]) -> None:
    assert window_starts(length) == starts
    covered = np.zeros(length, bool)
    for start in starts:
        covered[start : start + 800] = True
    assert covered.all()


def test_small_images_are_padded_with_black() -> None:
    window = cut_window(np.full((5, 7, 3), 9, np.uint8), 0, 0, 8)
    assert window.shape == (8, 8, 3) and (window[:5, :7] == 9).all() and window.sum() == 5 * 7 * 3 * 9


def test_windows_are_cut_with_red_and_blue_exchanged(data: tuple[Path, Path]) -> None:
    xview, root = data
    report = build(xview, root, find_annotation_files(root), size=8, stride=6)
    assert report.written == 5 and report.missing_others == ['trainval/P0001__1__0___0.png'] and not report.complete
    assert not (report.missing_sources or report.unreadable or report.outside or report.off_grid)
    with Image.open(root / 'trainval' / '10__18_12.png') as image:
        pixels = np.array(image)
    assert (pixels[..., 2] == np.arange(18, 26)).all() and (pixels[..., 1] == np.arange(12, 20)[:, None]).all()
    assert (pixels[..., 0] == 7).all(), 'red holds what was blue'
    assert (root / 'train' / '10__0_0.png').read_bytes() == (root / 'trainval' / '10__0_0.png').read_bytes()


def test_it_goes_on_where_it_was_interrupted(data: tuple[Path, Path]) -> None:
    xview, root = data
    files = find_annotation_files(root)
    build(xview, root, files, size=8, stride=6)
    kept, lost = root / 'trainval' / '11__0_0.png', root / 'test' / '10__6_12.png'
    before = kept.stat().st_mtime_ns
    lost.unlink()
    (root / 'test' / '.10__6_12.1.png').write_bytes(b'half a file')
    report = build(xview, root, files, workers=2, size=8, stride=6)
    assert (report.written, report.present) == (1, 4) and lost.is_file() and kept.stat().st_mtime_ns == before
    assert build(xview, root, files).written == 0


def test_what_cannot_be_cut_is_named(data: tuple[Path, Path]) -> None:
    xview, root = data
    (xview / '11.tif').write_bytes(b'no image')
    annotate(root, 'aitod_val_v1.json', ['12__0_0.png', '10__600_0.png', '10__5_0.png'])
    report = build(xview, root, find_annotation_files(root), size=8, stride=6)
    assert report.missing_sources == ['12.tif'] and report.unreadable == ['11.tif']
    assert report.outside == ['10__600_0.png'] and report.off_grid == ['10__5_0.png']
    assert (root / 'val' / '10__5_0.png').is_file(), 'off the grid it is cut all the same'
    text = '\n'.join(report.lines())
    assert all(name in text for name in ('12.tif', '11.tif', '10__600_0.png', '10__5_0.png'))


def test_both_versions_list_the_same_windows_once(data: tuple[Path, Path]) -> None:
    _, root = data
    annotate(root, 'aitod_test_v1.json', ['10__6_12.png'])
    windows, _ = find_windows(root, find_annotation_files(root))
    assert [len(w.paths) for w in windows if (w.source, w.x, w.y) == ('10', 6, 12)] == [1]


def test_no_annotations(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='aitodv2_test.json'):
        find_annotation_files(tmp_path)


def save(path: Path, side: int = 800) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((side, side, 3), np.uint8))


def test_verify_finds_every_defect(tmp_path: Path) -> None:
    good, small, gone = 'a.png', 'small.png', 'gone.png'
    annotate(
        tmp_path, 'aitod_train_v1.json', [good, small, gone, good], [[0, 0, 9, 9], [0, 0, 0.5, 9], [790, 0, 20, 9]]
    )
    annotate(tmp_path, 'aitod_val_v1.json', [good])
    save(tmp_path / 'train' / good)
    save(tmp_path / 'train' / small, 700)
    save(tmp_path / 'train' / 'extra.png')
    (tmp_path / 'train' / 'broken.png').write_bytes(b'no image')
    save(tmp_path / 'val' / 'images' / good)
    reports, shared = verify(tmp_path, find_annotation_files(tmp_path))
    train, val = reports
    assert (train.split, train.version, train.images, train.published_images) == ('train', 1, 4, 11214)
    assert train.missing == [gone] and train.wrong_size == [small] and train.doubled == [good]
    assert train.extra == ['broken.png', 'extra.png'] and train.bad_boxes == 2 and not train.right
    assert not (val.missing or val.extra or val.wrong_size or val.doubled)
    assert shared == {'train and val': [good]}
    assert '11,214' in table(reports)


def test_tools(data: tuple[Path, Path], tmp_path: Path) -> None:
    xview, root = data
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}

    def run(tool: str, *arguments: object) -> subprocess.CompletedProcess:
        command = [sys.executable, str(TOOLS / tool), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    built = run('build_aitod.py', xview, root, '--workers', 2)
    assert built.returncode == 1 and 'AI-TOD is not complete' in built.stderr and '5 files written' in built.stdout
    out = tmp_path / 'report' / 'aitod.json'
    verified = run('verify_aitod.py', root, '--list', '--json', out)
    assert verified.returncode == 1 and 'aitod_trainval_v1.json: missing P0001__1__0___0.png' in verified.stdout
    report = json.loads(out.read_text())
    assert report['shared'] == {} and {split['split'] for split in report['splits']} == {'train', 'trainval', 'test'}
    wrong = run('build_aitod.py', tmp_path / 'nowhere', root)
    assert wrong.returncode == 2 and 'is no folder' in wrong.stderr
