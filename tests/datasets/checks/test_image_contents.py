"""Images as they are read: what is said is what LoadImageFromFile does."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from broken_sets import BREAK
from mmcv.transforms import LoadImageFromFile

from nwd_mmdet.datasets.checks import image_contents
from nwd_mmdet.datasets.checks.findings import Level
from nwd_mmdet.datasets.checks.image_contents import ImageContent, Loader, check_contents, read_images
from nwd_mmdet.datasets.checks.image_files import SKIPPED

SIZE = (100.0, 80.0)


def drawn(path: Path, seed: int = 0) -> Path:
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 255, (80, 100, 3), np.uint8))
    return path


def loaded(path: Path, **settings: str) -> np.ndarray:
    return LoadImageFromFile(**settings).transform({'img_path': str(path)})['img']


@pytest.mark.parametrize('name', ['cut.png', 'cut.jpg', 'empty.png', 'text.png'])
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    path = drawn(tmp_path / name)
    data = {'cut': path.read_bytes()[:-2000], 'empty': b'', 'text': b'no image'}[path.stem]
    path.write_bytes(data)
    content = ImageContent.read(path, Loader())
    assert content.size is None and content.error
    (finding,) = check_contents('a.json', [(path, SIZE)], {path: content})
    assert finding.check.key == 'images-unreadable' and finding.fate.level is Level.ERROR
    (finding,) = check_contents('a.json', [(path, SIZE)], {path: content}, SKIPPED)
    assert finding.fate is SKIPPED
    if name != 'cut.jpg':  # of which some versions of OpenCV return the part that is there
        with pytest.raises((AssertionError, cv2.error)):
            loaded(path)


@pytest.mark.parametrize(('name', 'key'), [('small.png', 'image-sizes'), ('turned.jpg', 'image-orientation')])
def test_sizes_are_those_that_training_sees(name: str, key: str, tmp_path: Path) -> None:
    path = drawn(tmp_path / name)
    BREAK[name](path)
    content = ImageContent.read(path, Loader())
    assert content.size == loaded(path).shape[1::-1] != SIZE
    (finding,) = check_contents('a.json', [(path, SIZE)], {path: content})
    assert finding.check.key == key and f'{content.size[0]} × {content.size[1]} px' in finding.first
    assert list(check_contents('a.json', [(path, content.size)], {path: content})) == []
    assert list(check_contents('a.json', [(path, (float('nan'), 80.0))], {path: content})) == []


def test_a_loader_that_does_not_turn_images(tmp_path: Path) -> None:
    path = drawn(tmp_path / 'turned.jpg')
    BREAK['turned.jpg'](path)
    kind = 'color_ignore_orientation'
    content = ImageContent.read(path, Loader(kind))
    assert content.size == SIZE == loaded(path, color_type=kind).shape[1::-1]


def test_more_than_8_bits_are_divided_by_256(tmp_path: Path) -> None:
    path = tmp_path / 'deep.png'
    BREAK['deep.png'](path)
    content = ImageContent.read(path, Loader())
    (finding,) = check_contents('a.json', [(path, SIZE)], {path: content})
    assert finding.check.key == 'more-than-8-bit' and finding.first.endswith('16 bits')
    assert np.unique(loaded(path)) == 900 // 256


def test_the_same_bytes_under_two_names(tmp_path: Path) -> None:
    one, other, third = (drawn(tmp_path / f'{n}.png', n // 2) for n in range(3))
    contents, unread = read_images({path: Loader() for path in (one, other, third)})
    assert unread == 0 and len(contents) == 3
    (finding,) = check_contents('a.json', [(path, SIZE) for path in (one, other, third)], contents)
    assert finding.check.key == 'same-content' and finding.first == f'{other}, as 0.png'


def test_ctrl_c_leaves_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [drawn(tmp_path / f'{n}.png', n) for n in range(4)]

    def two_then_ctrl_c(futures: object, *args: object, **kwargs: object) -> object:
        for number, future in enumerate(futures):  # type: ignore[var-annotated, arg-type]
            if number == 2:
                raise KeyboardInterrupt
            yield future

    monkeypatch.setattr(image_contents, 'tqdm', two_then_ctrl_c)
    contents, unread = read_images({path: Loader() for path in paths})
    assert len(contents) == 2 and unread == 2
