"""Missing and unlisted image files."""

from pathlib import Path

from nwd_mmdet.datasets.checks.findings import Level
from nwd_mmdet.datasets.checks.image_files import SKIPPED, best_folder, check_missing, check_unlisted, image_folders


def test_the_folder_that_has_most_is_taken(tmp_path: Path) -> None:
    for folder, names in (('train', ['b.png']), ('images/train', ['a.png', 'sub/b.png'])):
        for name in names:
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).touch()
    folders = image_folders(tmp_path / 'train')
    assert best_folder(folders, ['a.png', 'sub/b.png', 'c.png']) == (tmp_path / 'images/train', ['c.png'])
    assert best_folder(folders, ['b.png']) == (tmp_path / 'train', [])
    assert best_folder(folders, [str(tmp_path / 'train/b.png')])[1] == []  # absolute names


def test_a_missing_file_with_one_of_a_similar_name_beside_it(tmp_path: Path) -> None:
    (tmp_path / 'A.JPG').touch()
    (finding,) = check_missing('a.json', tmp_path, ['a.jpg', 'b.jpg'])
    assert finding.count == 2 and finding.first == f'{tmp_path / "a.jpg"} (there is A.JPG)'
    assert finding.fate.level is Level.ERROR
    (finding,) = check_missing('a.json', tmp_path / 'nowhere', ['a.jpg'], SKIPPED)
    assert 'no such folder' in finding.first and finding.fate.level is Level.LOSS
    assert list(check_missing('a.json', tmp_path, [])) == []


def test_files_that_nobody_lists(tmp_path: Path) -> None:
    for name in ('a.png', 'b.PNG', 'c.txt', '._d.png'):
        (tmp_path / name).touch()
    (finding,) = check_unlisted([tmp_path / 'a.png'], 'here')
    assert (finding.count, finding.first) == (1, str(tmp_path / 'b.PNG'))
    assert list(check_unlisted([tmp_path / 'a.png', tmp_path / 'b.PNG', tmp_path / 'no/such.png'], 'here')) == []
