"""Pascal VOC's files are found in a devkit and in a folder, and read with care."""

from pathlib import Path

import pytest
from voc_data import thing, write_annotation, write_devkit, write_image

from nwd_mmdet.datasets.voc_files import VocSplit, read_set, read_xml


def test_a_devkit(tmp_path: Path) -> None:
    root = write_devkit(tmp_path)
    found = read_set(root)
    assert found.images == root / 'JPEGImages' and found.splits == [VocSplit('train', ['a', 'b'])]
    (root / 'mine.txt').write_text('b\n')
    (root / 'ImageSets/Main/car_train.txt').write_text('a  1\nb -1\n')
    found = read_set(root, splits=[str(root / 'mine.txt')])
    assert found.splits == [VocSplit('mine', ['b'])]
    with pytest.raises(FileNotFoundError, match='--splits test: no file .*test.txt. Lists in .*: car_train, train'):
        read_set(root, splits=['test'])


def test_a_folder_of_xml_files(tmp_path: Path) -> None:
    write_annotation(tmp_path / 'sub', 'a.b')
    write_image(tmp_path / 'sub', 'a.b.png')
    found = read_set(tmp_path)
    assert found.splits == [VocSplit('all', ['sub/a.b'], whole_folder=True)]
    assert found.image_of('sub/a.b', read_xml(found.xml_of('sub/a.b'))) == tmp_path / 'sub/a.b.png'
    with pytest.raises(FileNotFoundError, match='--images nowhere: no such folder'):
        read_set(tmp_path, Path('nowhere'))
    with pytest.raises(FileNotFoundError, match='no XML files in'):
        read_set(tmp_path / 'nowhere')


def test_the_image_is_the_one_of_the_files_name_else_the_one_it_names(tmp_path: Path) -> None:
    write_annotation(tmp_path, 'new')
    (tmp_path / 'new.xml').write_text((tmp_path / 'new.xml').read_text().replace('new.jpg', 'C:/old/old.png'))
    write_image(tmp_path, 'old.png')
    found = read_set(tmp_path)
    annotation = read_xml(tmp_path / 'new.xml')
    assert annotation.filename == 'C:/old/old.png' and found.image_of('new', annotation) == tmp_path / 'old.png'
    write_image(tmp_path, 'new.jpg')
    assert read_set(tmp_path).image_of('new', annotation) == tmp_path / 'new.jpg'


def test_what_is_in_a_file(tmp_path: Path) -> None:
    more = '<difficult>0</difficult><occluded>1</occluded><part><name>head</name></part>'
    write_annotation(tmp_path, 'a', thing(' traffic light ', more=more), thing('car', (1, 2, 'x', 4)), thing('', ()))
    first, second, third = read_xml(tmp_path / 'a.xml').objects
    assert first.name == 'traffic light' and first.corners == (11, 21, 41, 61) and first.parts == 1
    assert first.flags == {'difficult': 0, 'occluded': 1}
    assert second.corners is None and third.name == '' and third.corners is None


BOMB = '<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;&b;">]><annotation>&c;</annotation>'


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (BOMB.encode(), 'a.xml: it has a document type'),
        (BOMB.encode('utf-16'), 'a.xml: it has a document type'),
        (b'<annotation>', 'a.xml: no element found'),
        (b'', 'a.xml: no element found'),
    ],
)
def test_what_is_no_annotation_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / 'a.xml').write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_xml(tmp_path / 'a.xml')
