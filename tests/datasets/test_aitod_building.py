"""AI-TOD's images from xView, on drawn TIFFs."""

from pathlib import Path

import numpy as np
import pytest
from aitod_data import annotate, draw_sources
from PIL import Image

from nwd_mmdet.datasets.aitod_building import build, cut_window, find_windows, window_starts
from nwd_mmdet.datasets.aitod_files import find_annotation_files


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """The folders of xView and AI-TOD."""
    return draw_sources(tmp_path)


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
