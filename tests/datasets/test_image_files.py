"""Sizes of images are those of the pixels that mmdet loads."""

from pathlib import Path

import mmcv
import pytest
from PIL import Image

from nwd_mmdet.datasets.image_files import image_size, images_in


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'tif', 'webp', 'bmp'])
@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_the_size_is_that_of_the_loaded_image(suffix: str, orientation: int, tmp_path: Path) -> None:
    path, exif = tmp_path / f'a.{suffix}', Image.Exif()
    exif[0x0112] = orientation
    Image.new('RGB', (40, 20)).save(path, exif=exif)
    assert image_size(path) == mmcv.imread(str(path)).shape[1::-1]
    assert suffix != 'jpg' or image_size(path) == ((20, 40) if orientation >= 5 else (40, 20))


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'a.jpg'
    with pytest.raises(ValueError, match='a.jpg is no readable image'):
        image_size(path)
    path.write_bytes(b'\xff\xd8 no image')
    with pytest.raises(ValueError, match='a.jpg is no readable image'):
        image_size(path)


def test_images_are_found_below_and_stubs_are_not(tmp_path: Path) -> None:
    (tmp_path / 'b').mkdir()
    for name in ('b/1.PNG', '2.jpg', '._2.jpg', '2.txt'):
        (tmp_path / name).touch()
    assert [path.name for path in images_in(tmp_path)] == ['2.jpg', '1.PNG']
