"""Pascal VOC's XML files in COCO's format: the boxes of mmdet's XMLDataset, everything else counted."""

from pathlib import Path
from typing import Any

import pytest
from mmdet.datasets import CocoDataset, XMLDataset
from voc_data import SIZE, thing, write_annotation, write_devkit, write_image

from nwd_mmdet.datasets.annotation_files import write_json
from nwd_mmdet.datasets.conversion import Conversion
from nwd_mmdet.datasets.voc_conversion import classes_of, convert, read_annotations
from nwd_mmdet.datasets.voc_files import read_set


def converted(root: Path, classes: list[str] | None = None, **settings: Any) -> Conversion:
    dataset = read_set(root)
    annotations = read_annotations(dataset)
    classes = classes_of(annotations) if classes is None else classes
    return convert(dataset, dataset.splits[0], annotations, classes, **settings)


def instances(dataset: Any) -> list[list[tuple[object, ...]]]:
    """Boxes, labels and ignore flags of a data set of mmdet, by image."""
    parts = [dataset.get_data_info(index)['instances'] for index in range(len(dataset))]
    return [sorted((tuple(i['bbox']), i['bbox_label'], i['ignore_flag']) for i in part) for part in parts]


def same_as_mmdet(root: Path, split: str, out: Path) -> int:
    """Compare what both data sets of mmdet hand to training; return the number of objects."""
    found = read_set(root, splits=[split])
    annotations = read_annotations(found)
    classes = classes_of(annotations)
    write_json(convert(found, found.splits[0], annotations, classes).dataset, out)
    common = dict(metainfo=dict(classes=classes), pipeline=[], test_mode=True)
    coco = CocoDataset(ann_file=str(out), data_prefix=dict(img=str(found.images)), **common)
    list_file = str(root / f'ImageSets/Main/{split}.txt')
    voc = XMLDataset(ann_file=list_file, data_prefix=dict(sub_data_root=str(root)), **common)
    assert instances(coco) == instances(voc)
    return sum(map(len, instances(coco)))


def test_a_detector_sees_the_boxes_of_mmdets_xml_dataset(tmp_path: Path) -> None:
    root = write_devkit(tmp_path)
    write_annotation(root / 'Annotations', 'a', *(thing(box=(11, 21, 41.9, 61.2), more=more) for more in MORE))
    assert same_as_mmdet(root, 'train', tmp_path / 'out.json') == len(MORE)


MORE = ('', '<difficult>1</difficult>', '<difficult>0</difficult><truncated>1</truncated>')


def test_real_files(shared: Path, tmp_path: Path) -> None:
    assert same_as_mmdet(shared / 'real/voc_sample/VOC2007', 'trainval', tmp_path / 'out.json') == 51


def test_everything_is_kept_or_counted(tmp_path: Path) -> None:
    result = converted(write_devkit(tmp_path))
    assert [category['name'] for category in result.dataset['categories']] == ['car', 'traffic light']
    assert [(a['category_id'], a['bbox'], a['iscrowd']) for a in result.dataset['annotations']] == [
        (1, [10, 20, 30, 40], 0),
        (2, [0, 0, 99, 79], 0),
        (1, [4, 5, 25, 25], 1),
        (1, [-1, 69, 120, 5], 0),
    ]
    assert result.dataset['annotations'][1]['truncated'] == 1 and result.dataset['annotations'][2]['difficult'] == 1
    assert {
        what.partition(',')[0]: (count, result.examples[what]) for what, count in result.counts.items() if count
    } == {
        'objects with fractions of pixels': (1, 'a, object 3'),
        'objects marked difficult': (1, 'a, object 3'),
        'objects that begin at 0': (1, 'a, object 4'),
        'boxes over the border of their image': (1, 'a, object 4'),
        'XML files without objects: their images are kept': (1, 'b'),
    }


def test_an_image_that_is_listed_twice_is_one(tmp_path: Path) -> None:
    root = write_devkit(tmp_path)
    (root / 'ImageSets/Main/train.txt').write_text('b\nb\ngone\n')
    result = converted(root)
    assert [image['file_name'] for image in result.dataset['images']] == ['b.jpg']
    assert result.counts['images that are listed again, left out'] == 1
    assert result.examples['images without an XML file, left out'] == 'gone'


def test_coordinates_may_count_from_0(tmp_path: Path) -> None:
    result = converted(write_devkit(tmp_path), first_pixel=0)
    assert [a['bbox'] for a in result.dataset['annotations']][::3] == [[11, 21, 30, 40], [0, 70, 120, 5]]
    assert not any('begin at 0' in what for what, count in result.counts.items() if count)


@pytest.mark.parametrize(
    ('wrong', 'reason'),
    [
        (thing('boat'), "objects of class 'boat', which is none of the classes, left out"),
        (thing(''), 'objects without a name, left out'),
        (thing(box=(1, 2, 3)), 'objects without a <bndbox> of four numbers, left out'),
        (thing(box=(1, 2, 'nan', 4)), 'objects without a <bndbox> of four numbers, left out'),
        (thing(box=(7, 2, 7, 9)), 'objects without width or height, left out'),
        (thing(box=(9, 2, 7, 9)), 'objects without width or height, left out'),
        (thing(more='<part><name>head</name></part>'), 'parts of objects, left out'),
    ],
)
def test_what_is_left_out_is_counted(wrong: str, reason: str, tmp_path: Path) -> None:
    write_annotation(tmp_path, 'a', thing(), wrong)
    write_image(tmp_path, 'a.png')
    result = converted(tmp_path, ['car'])
    assert len(result.dataset['annotations']) == 1 + ('part' in reason)
    assert result.dataset['images'][0]['file_name'] == 'a.png'
    assert {what: count for what, count in result.counts.items() if count} == {reason: 1}
    assert result.examples[reason].startswith('a, object 2')


def test_images_and_their_sizes(tmp_path: Path) -> None:
    write_annotation(tmp_path, 'a', size=None)
    write_annotation(tmp_path, 'b', size=(80, 100))
    write_annotation(tmp_path, 'c', size=(50, 40))
    write_annotation(tmp_path, 'd', size=None)
    write_annotation(tmp_path, 'e')
    (tmp_path / 'f.xml').write_text('<annotation>')
    (tmp_path / 'e.jpg').write_bytes(b'')
    for name in ('a.jpg', 'a.png', 'b.jpg', 'f.jpg', 'z.jpg'):
        write_image(tmp_path, name)
    result = converted(tmp_path, ['car'])
    found = {image['file_name']: (image['width'], image['height']) for image in result.dataset['images']}
    assert found == {'a.jpg': SIZE, 'b.jpg': SIZE, 'c.jpg': (50, 40)}
    expected = {
        'XML files without a <size>': 'a',
        "images whose <size> is another than the file's, which is taken (exchanged": 'b, 80 x 100 in the XML',
        'images without a file, kept': 'c',
        'images without a file, without a <size> either, left out': 'd',
        'images that cannot be read, left out': str(tmp_path / 'e.jpg'),
        'images whose XML file cannot be read, left out': 'f.xml: ',
        'images without an XML file of their own, left out': 'a.png',
    }
    assert result.counts['images without an XML file of their own, left out'] == 2
    for what, example in expected.items():
        (found_as,) = (key for key, count in result.counts.items() if key.startswith(what) and count)
        assert result.examples[found_as].startswith(example)
