"""VisDrone-DET's text files in COCO's format: every oddity is kept or counted."""

import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from visdrone_data import write_split

from nwd_mmdet.datasets.visdrone import CLASSES
from nwd_mmdet.datasets.visdrone_conversion import convert, image_sizes, read_rows, read_sizes


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Three images of 100 x 80 px with annotations."""
    return write_split(tmp_path)


def test_everything_is_kept_or_counted(split: Path) -> None:
    result = convert(split, image_sizes(split / 'images'))
    dataset = result.dataset
    assert [(image['file_name'], image['width'], image['height']) for image in dataset['images']] == [
        (f'{stem}.jpg', 100, 80) for stem in 'abc'
    ]
    assert [category['name'] for category in dataset['categories']] == list(CLASSES)
    assert [category['id'] for category in dataset['categories']] == list(range(1, 11))
    found = [(a['image_id'], a['category_id'], a['bbox'], a['iscrowd']) for a in dataset['annotations']]
    assert found == [
        (1, 4, [10, 20, 30, 40], 0),
        (1, 4, [10, 20, 30, 40], 0),
        (1, 1, [5, 5, 4, 0], 0),
        (1, 10, [90, 70, 30, 30], 0),
        (2, 2, [30, 10, 8, 6], 1),
    ]
    assert [image['ignore_regions'] for image in dataset['images']] == [[], [[0, 0, 50, 50]], []]
    summary = result.summary()
    for line in (
        '1 ignored regions, kept',
        '1 lines that repeat, kept',
        '1 objects of category 11',
        '1 objects over the border',
        '1 objects with score 0, kept as crowd',
        '1 objects without a width or height, kept',
    ):
        assert line in summary


@pytest.mark.parametrize(
    'line', ['1,2,3', '1,2,3,4,1,4,0,x', '1,2,3,4,1,12,0,0', '1,2,3,4,0.9,4,-1,-1', '1,2,-3,4,1,4,0,0']
)
def test_a_malformed_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text(f'1,2,3,4,1,4,0,0\n{line}\n')
    with pytest.raises(ValueError, match=r'a.txt, line 2'):
        list(read_rows(path))


def test_images_without_a_size_are_named(split: Path) -> None:
    (split / 'images' / 'b.jpg').unlink()
    Image.new('RGB', (9, 9)).save(split / 'images' / 'z.jpg')
    sizes = image_sizes(split / 'images')
    with pytest.raises(
        ValueError, match='1 of 3 annotation files have no image whose size is known: b.*--skip-missing'
    ):
        convert(split, sizes)
    result = convert(split, sizes, skip_missing=True)
    assert result.unsized == ['b'] and len(result.dataset['images']) == 2
    assert '1 images without a known size' in result.summary() and '1 images without an annotation' in result.summary()


def test_sizes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / 'sizes.csv'
    path.write_text('file_name,width,height\na.jpg,100,80\n')
    assert read_sizes(path) == {'a.jpg': (100, 80)}
    path.write_text('file_name,width\na.jpg,100\n')
    with pytest.raises(ValueError, match='no column height'):
        read_sizes(path)
    path.write_text('file_name,width,height\na.jpg,100,tall\n')
    with pytest.raises(ValueError, match='line 2'):
        read_sizes(path)
    path.write_text('file_name,width,height\na.jpg,100,80\nb.jpg,0,80\n')
    with pytest.raises(ValueError, match='at least 1 px, not as for b.jpg'):
        read_sizes(path)


def test_two_images_of_one_annotation_file_are_refused(split: Path) -> None:
    with pytest.raises(ValueError, match='several images belong to the same annotation file.*a.jpg'):
        convert(split, {'a.jpg': (100, 80), 'a.png': (100, 80)})


@pytest.mark.parametrize(
    ('name', 'counts'),
    [('train', (6471, 343205, 18287, 70916, 8813, 1532)), ('val', (548, 38759, 2342, 9608, 1378, 32))],
)
def test_published_counts(name: str, counts: tuple[int, ...], shared: Path, tmp_path: Path) -> None:
    with tarfile.open(shared / f'real/visdrone/{name}_annotations.tar.gz') as archive:
        archive.extractall(tmp_path, filter='data')
    (folder,) = {path.parent.parent for path in tmp_path.glob('**/annotations/*.txt')}
    stems = [path.stem for path in (folder / 'annotations').glob('*.txt')]
    result = convert(folder, {f'{stem}.jpg': (2000, 1500) for stem in stems})
    objects = [a for a in result.dataset['annotations'] if not a['iscrowd']]
    size = np.sqrt([a['area'] for a in objects])
    regions = sum(len(image['ignore_regions']) for image in result.dataset['images'])
    others = result.counts['objects of category 11 (others), left out: no class']
    tiny = (((size >= 2) & (size < 8)).sum(), ((size >= 8) & (size < 16)).sum())
    assert (len(stems), len(objects), *tiny, regions, others) == counts
    assert len(Counter(a['category_id'] for a in objects)) == 10
