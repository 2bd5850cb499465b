"""AI-TOD on disk."""

from pathlib import Path

import pytest
from aitod_data import annotate

from nwd_mmdet.datasets.aitod_files import find_annotation_files, image_folder


def test_no_annotations(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='aitodv2_test.json'):
        find_annotation_files(tmp_path)


def test_files_are_found_under_any_name_and_know_their_release(tmp_path: Path) -> None:
    annotate(tmp_path, 'small_trainval_v2_2.0.json', ['a.png', 'b.png'])
    annotate(tmp_path, 'aitod_val_v1.json', ['c.png'])
    annotate(tmp_path, 'mine.json', ['d.png'])
    files = find_annotation_files(tmp_path)
    assert [(f.release.split, f.release.version, f.path.name, f.file_names) for f in files] == [
        ('val', 1, 'aitod_val_v1.json', ['c.png']),
        ('trainval', 2, 'small_trainval_v2_2.0.json', ['a.png', 'b.png']),
    ]
    (tmp_path / 'annotations' / 'aitod_val_v1.json').write_text('[]')
    with pytest.raises(ValueError, match='aitod_val_v1.json: not a COCO data set'):
        find_annotation_files(tmp_path)


@pytest.mark.parametrize('folder', ['train', 'train/images', 'images/train'])
def test_images_lie_in_one_of_three_folders(folder: str, tmp_path: Path) -> None:
    assert image_folder(tmp_path, 'train') == tmp_path / 'train'
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / 'a.png').touch()
    assert image_folder(tmp_path, 'train') == tmp_path / folder
