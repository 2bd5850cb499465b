"""YOLO's text files in COCO's format: the same boxes, everything else counted."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nwd_mmdet.datasets.conversion import Conversion
from nwd_mmdet.datasets.yolo_conversion import convert
from nwd_mmdet.datasets.yolo_files import YoloSplit, read_folder

SIZE = (200, 100)


def converted(folder: Path, text: str | None, skip_unlabelled: bool = False, classes: int = 2) -> Conversion:
    """One image of 200 x 100 px with these labels."""
    Image.new('RGB', SIZE).save(folder / 'a.png')
    if text is not None:
        (folder / 'a.txt').write_text(text)
    dataset = read_folder(folder, [f'class {number}' for number in range(classes)])
    return convert(dataset, dataset.splits[0], skip_unlabelled)


fractions = st.floats(0.001, 1, allow_nan=False)
boxes = st.tuples(st.integers(0, 4), fractions, fractions, fractions, fractions)


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, max_size=8, unique_by=lambda row: tuple(f'{value:.6f}' for value in row)))
def test_it_can_be_reversed(rows: list[tuple[int, float, float, float, float]]) -> None:
    """Back in fractions, boxes are as they were, up to the rounding to a thousandth of a pixel."""
    text = '\n'.join(' '.join([str(row[0]), *(f'{value:.6f}' for value in row[1:])]) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        dataset = converted(Path(folder), text, classes=5).dataset
    assert [category['id'] for category in dataset['categories']] == [1, 2, 3, 4, 5]
    assert len(dataset['annotations']) == len(rows)
    width, height = SIZE
    for (number, *values), annotation in zip(rows, dataset['annotations']):
        x, y, w, h = annotation['bbox']
        back = [(x + w / 2) / width, (y + h / 2) / height, w / width, h / height]
        assert annotation['category_id'] == number + 1
        assert back == pytest.approx(values, abs=2e-5)


ROWS = [
    ('0 0.5 0.5 0.1', 'rows that are no whole class number and 4 finite numbers'),
    ('0 0.5 0.5 0.1 nan', 'rows that are no whole class number and 4 finite numbers'),
    ('0 0.5 0.5 0.1 inf', 'rows that are no whole class number and 4 finite numbers'),
    ('car 0.5 0.5 0.1 0.2', 'rows that are no whole class number and 4 finite numbers'),
    ('0.5 0.5 0.5 0.1 0.2', 'rows that are no whole class number and 4 finite numbers'),
    ('0, 0.5, 0.5, 0.1, 0.2', 'rows that are no whole class number and 4 finite numbers'),
    ('0 .1 .1 .2 .2 .3 .3 .4', 'rows that are no whole class number and 4 finite numbers'),
    ('2 0.5 0.5 0.1 0.2', 'rows of a class without a name (names are there for 0 to 1)'),
    ('-1 0.5 0.5 0.1 0.2', 'rows of a class without a name (names are there for 0 to 1)'),
    ('0 120 50 20 10', 'rows with values outside [0, 1]'),
    ('0 0.5 -0.2 0.1 0.2', 'rows with values outside [0, 1]'),
    ('0 0.5 0.5 0 0.2', 'rows without width or height'),
    ('0 0.25 0.5 0.5 0.2', 'rows that repeat'),
]


@pytest.mark.parametrize(('row', 'reason'), ROWS, ids=[row for row, _ in ROWS])
def test_wrong_rows_are_left_out_and_counted_with_the_first(row: str, reason: str, tmp_path: Path) -> None:
    result = converted(tmp_path, f'0 0.25 0.5 0.5 0.2\n\n{row}\n')
    assert [a['bbox'] for a in result.dataset['annotations']] == [[0, 40, 100, 20]]
    ((what, count),) = ((what, count) for what, count in result.counts.items() if count)
    assert what.startswith(reason) and what.endswith('left out') and count == 1
    assert result.examples[what] == f'a.txt, line 3: {row}' and f'1 {what}' in result.summary()


def test_a_confidence_is_dropped_and_a_polygon_becomes_its_box(tmp_path: Path) -> None:
    result = converted(tmp_path, '1 0.5 0.5 0.1 0.2 0.93\n0 0.1 0.2 0.3 0.2 0.2 0.6\n')
    first, second = result.dataset['annotations']
    assert first['bbox'] == [90, 40, 20, 20] and first['area'] == 400 and 'segmentation' not in first
    assert second['bbox'] == [20, 20, 40, 40] and second['segmentation'] == [[20, 20, 60, 20, 40, 60]]
    assert result.counts['rows with a confidence, kept without it'] == 1
    assert result.counts['rows with a polygon, kept as its box and as segmentation'] == 1


def test_a_box_over_the_border_stays_as_it_is(tmp_path: Path) -> None:
    result = converted(tmp_path, '0 0.0 0.5 0.1 0.2\n0 1.0000001 0.5 0.001 0.2\n')
    assert [a['bbox'] for a in result.dataset['annotations']] == [[-10, 40, 20, 20], [199.9, 40, 0.2, 20]]
    assert result.counts['boxes over the border of their image, kept'] == 1


def test_images_without_objects(tmp_path: Path) -> None:
    unlabelled = 'images without a text file, kept as images without objects'
    result = converted(tmp_path, None)
    assert len(result.dataset['images']) == 1 and result.counts[unlabelled] == 1
    assert result.examples[unlabelled] == 'a.png'
    assert not converted(tmp_path, None, skip_unlabelled=True).dataset['images']
    result = converted(tmp_path, '\n')
    assert len(result.dataset['images']) == 1 and 'a.txt' in result.examples[next(iter(result.examples))]
    assert sum(result.counts.values()) == 1


def test_files_that_are_no_pair_are_counted(tmp_path: Path) -> None:
    (tmp_path / 'images').mkdir()
    (tmp_path / 'labels').mkdir()
    Image.new('RGB', SIZE).save(tmp_path / 'images/a.png')
    Image.new('RGB', SIZE).save(tmp_path / 'images/a.jpg')
    (tmp_path / 'images/broken.png').write_bytes(b'')
    for name in ('a', 'broken', 'orphan'):
        (tmp_path / f'labels/{name}.txt').write_text('0 0.5 0.5 0.1 0.2')
    dataset = read_folder(tmp_path, ['car'])
    result = convert(dataset, dataset.splits[0])
    assert [image['file_name'] for image in result.dataset['images']] == ['a.jpg', 'a.png']
    assert len(result.dataset['annotations']) == 2
    (twice, broken, orphan) = sorted(what for what, count in result.counts.items() if count)
    assert twice.startswith('images that cannot') and 'broken.png' in result.examples[twice]
    assert broken == 'images with the text file of another image, kept'
    assert orphan == 'text files without an image, left out' and result.examples[orphan].endswith('orphan.txt')


def test_lists_may_repeat_images_and_name_others(tmp_path: Path) -> None:
    Image.new('RGB', SIZE).save(tmp_path / 'a.png')
    dataset = read_folder(tmp_path, ['car'])
    images = dataset.splits[0].images
    result = convert(dataset, YoloSplit('train', images * 2, ('gone.png', 'lost.png'), whole_folders=False))
    assert len(result.dataset['images']) == 1 and result.counts['images that are listed again, left out'] == 1
    gone = 'images that are listed and are no file, left out'
    assert result.counts[gone] == 2 and result.examples[gone] == 'gone.png'


def test_a_turned_photo_has_the_size_that_mmdet_sees(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', SIZE).save(tmp_path / 'a.jpg', exif=exif)
    (tmp_path / 'a.txt').write_text('0 0.5 0.5 0.1 0.1')
    dataset = read_folder(tmp_path, ['car'])
    result = convert(dataset, dataset.splits[0])
    assert (result.dataset['images'][0]['width'], result.dataset['images'][0]['height']) == (100, 200)
    assert result.dataset['annotations'][0]['bbox'] == [45, 90, 10, 20]
