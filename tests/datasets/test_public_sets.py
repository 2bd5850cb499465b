"""Public sets are recognised under every name that their files go by."""

from pathlib import Path

import pytest

from nwd_mmdet.datasets.public_sets import SETS, PublicSet, set_called

EVERY = [(each, name) for each in SETS for part in each.parts for name in part.files]


@pytest.mark.parametrize(('data', 'name'), EVERY, ids=[f'{each.name}, {name}' for each, name in EVERY])
def test_a_file_is_found_under_each_name(data: PublicSet, name: str, tmp_path: Path) -> None:
    assert all(found.file is None for found in data.find(tmp_path))
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    (found,) = (found for found in data.find(tmp_path) if found.file)
    assert found.file == tmp_path / name and name in found.part.files and not found.images
    (tmp_path / found.part.images[-1]).mkdir(parents=True, exist_ok=True)
    assert tmp_path / found.part.images[-1] in [found.images for found in data.find(tmp_path)]
    assert not data.unknown_files(tmp_path)


@pytest.mark.parametrize('spelt', ['AI-TOD', 'aitod', 'Ai_Tod'])
def test_a_set_is_known_however_it_is_spelt(spelt: str) -> None:
    assert set_called(spelt).name == 'AI-TOD'


def test_real_files(shared: Path) -> None:
    found = list(set_called('sirst').find(shared / 'real/sirst_v2'))
    assert len(found) == 2 and all(part.file and part.images for part in found)


@pytest.mark.parametrize('name', ['dota', ''])
def test_other_sets_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match='is no set whose files are known'):
        set_called(name)
