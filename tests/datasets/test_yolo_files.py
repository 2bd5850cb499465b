"""A YOLO set is found however its data.yaml names it."""

from pathlib import Path

import pytest
from PIL import Image

from nwd_mmdet.datasets.yolo_files import label_files, read_data_yaml, read_folder, read_names


def write_images(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new('RGB', (8, 6)).save(folder / name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_images(tmp_path / 'set/images/train', 'a.png', 'b.png')
    write_images(tmp_path / 'set/images/val', 'c.png')
    return tmp_path / 'set'


def described(root: Path, text: str) -> Path:
    path = root / 'data.yaml'
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ('text', 'train', 'common'),
    [
        ('train: images/train\nval: images/val\nnames: [car]', ['a', 'b'], 'images'),
        ('path: {root}\ntrain: images/train\nval: images/val\nnames: {{0: car}}', ['a', 'b'], 'images'),
        ('path: set\ntrain: images/train\nnames: [car]', ['a', 'b'], 'images/train'),  # from the working directory
        ('train: ../images/train\nval: ../images/val\nnc: 1\nnames: [car]', ['a', 'b'], 'images'),  # Roboflow's
        ('train: [images/train, images/val]\nnames: [car]', ['a', 'b', 'c'], 'images'),
        ('train: train.txt\nval: images/val\nnames: [car]', ['b'], 'images'),
    ],
)
def test_splits(root: Path, text: str, train: list[str], common: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    (root / 'train.txt').write_text('./images/train/b.png\nimages/train/gone.png\n\n')
    found = read_data_yaml(described(root, text.format(root=root)))
    assert found.classes == {0: 'car'} and found.root == root / common
    split = found.splits[0]
    assert split.name == 'train' and [image.stem for image in split.images] == train
    assert split.absent == (('images/train/gone.png',) if 'txt' in text else ())
    assert split.whole_folders == ('txt' not in text)


@pytest.mark.parametrize(
    ('text', 'error', 'message'),
    [
        ('train: images/train', ValueError, 'names=None must list the classes'),
        ('train: images/train\nnames: {a: b}', ValueError, 'must list the classes'),
        ('train: images/train\nnames: [car, car]', ValueError, 'these repeat: car'),
        ('train: images/train\nnc: 2\nnames: [car]', ValueError, 'nc=2, but there are 1 names'),
        ('train: images/train\nnames: [car]\nkpt_shape: [17, 3]', ValueError, 'kpt_shape'),
        ('names: [car]\ntest:', ValueError, 'no split'),
        ('train: [', ValueError, 'not valid YAML'),
        ('- 3', ValueError, 'not the description of a data set'),
        (
            'train: nowhere\nnames: [car]',
            FileNotFoundError,
            r'(?s)train=nowhere is nowhere; correct it or take it out. Looked for:.*set/nowhere',
        ),
        ('train: images/empty\nnames: [car]', FileNotFoundError, 'no images there'),
    ],
)
def test_what_is_wrong_is_named(root: Path, text: str, error: type[Exception], message: str) -> None:
    (root / 'images/empty').mkdir()
    with pytest.raises(error, match=message):
        read_data_yaml(described(root, text))


def test_a_folder_and_its_names(root: Path) -> None:
    names = root / 'classes.txt'
    names.write_text('car\n traffic light \n\n')
    found = read_folder(root, read_names(names), names)
    assert found.classes == {0: 'car', 1: 'traffic light'} and [split.name for split in found.splits] == ['all']
    assert len(found.splits[0].images) == 3 and names in found.other_files
    with pytest.raises(FileNotFoundError, match='no images in .*nowhere'):
        read_folder(root / 'nowhere', ['car'])
    with pytest.raises(ValueError, match='the names: there are none'):
        read_folder(root, [])


def test_labels_are_looked_for_in_labels_and_beside() -> None:
    assert label_files(Path('/images/set/images/train/a.b.png')) == (
        Path('/images/set/labels/train/a.b.txt'),
        Path('/images/set/images/train/a.b.txt'),
    )
    assert label_files(Path('/set/a.png')) == (Path('/set/a.txt'),)
