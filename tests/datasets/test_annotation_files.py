"""Reading, writing and finding annotation files, for sets of any name."""

import json
from pathlib import Path

import pytest

from nwd_mmdet.datasets import annotation_files
from nwd_mmdet.datasets.annotation_files import (
    Release,
    Source,
    find_annotations,
    help_for,
    listing,
    read_coco,
    read_json,
    register_source,
    write_json,
)

LAKE = Source('Lake is at lake.org.', (Release('train', ('lake_train.json', 'train_v2.json')),), '*lake*')


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registered sources, as they were after the test."""
    monkeypatch.setattr(annotation_files, '_SOURCES', annotation_files._SOURCES.copy())


def test_a_file_that_is_there_is_taken_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / 'anything.json'
    path.touch()
    assert find_annotations(str(path)) == path


def test_other_names_of_a_release_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(annotation_files, 'print_log', lambda message, **_: lines.append(message))
    register_source(LAKE)
    (tmp_path / 'lake_train.json').touch()
    assert find_annotations(tmp_path / 'train_v2.json') == tmp_path / 'lake_train.json'
    assert len(lines) == 1 and 'taking' in lines[0] and 'another name of the same split' in lines[0]
    with pytest.raises(FileNotFoundError):
        find_annotations(tmp_path / 'lake_val.json')


def test_a_missing_file_tells_where_it_was_looked_for_and_how_to_get_it(tmp_path: Path) -> None:
    register_source(LAKE)
    with pytest.raises(FileNotFoundError) as error:
        find_annotations(tmp_path / 'train_v2.json')
    for part in (str(tmp_path / 'train_v2.json'), str(tmp_path / 'lake_train.json'), 'lake.org'):
        assert str(error.value).count(part) == 1


def test_help_for_another_set_does_not_mention_aitod(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'(?s)train\.json.*docs/datasets\.md') as error:
        find_annotations(tmp_path / 'train.json')
    assert 'xView' not in str(error.value) and 'draw-synthetic' not in str(error.value)


def test_help_for_the_synthetic_set_goes_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r'draw-synthetic'):
        find_annotations(tmp_path / 'data/synthetic/annotations/train.json')
    monkeypatch.setenv('SYNTHETIC_ROOT', str(tmp_path / 'mine'))
    assert 'draw-synthetic' in help_for(tmp_path / 'mine/annotations/train.json')
    assert 'draw-synthetic' not in help_for(tmp_path / 'yours/annotations/train.json')


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('train_v2.json', ['lake.org']),
        ('My_Lake.json', ['lake.org']),
        ('visdrone_half.json', ['VisDrone-Dataset']),
        ('visdrone_of_the_lake.json', ['VisDrone-Dataset', 'lake.org']),
        ('river.json', ['docs/datasets.md', 'data_root']),
    ],
)
def test_help_is_that_of_the_sets_that_know_the_name(name: str, words: list[str]) -> None:
    register_source(LAKE)
    register_source(LAKE)
    assert all(help_for(name).count(word) == 1 for word in words)
    assert ('lake.org' in words) == ('lake.org' in help_for(name))


def test_read_json_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    with pytest.raises(FileNotFoundError, match=f'looked for {path}'):
        read_json(path)
    path.write_text('{')
    with pytest.raises(ValueError, match='a.json is not valid JSON'):
        read_json(path)


@pytest.mark.parametrize('content', ['[]', '{"images": []}', '3'])
def test_read_coco_asks_for_its_keys(content: str, tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text(content)
    with pytest.raises(ValueError, match="a.json: not a COCO data set.*'images' and 'categories'"):
        read_coco(tmp_path / 'a.json')
    (tmp_path / 'a.json').write_text('{"images": [1]}')
    assert read_coco(tmp_path / 'a.json', ['images']) == {'images': [1]}


def test_an_interruption_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / 'new' / 'out.json'
    write_json({'images': []}, target)

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_json({'images': [1]}, target)
    assert json.loads(target.read_text()) == {'images': []} and list(target.parent.iterdir()) == [target]


def test_listing() -> None:
    assert listing([1, 2]) == '1, 2'
    assert listing(range(2000), 2) == '0, 1 and 1,998 more'
