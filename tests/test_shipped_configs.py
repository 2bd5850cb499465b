"""The configs that the package brings: all of them listed, found by their names, copied so that they run anywhere."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from nwd_mmdet.config import read_config
from nwd_mmdet.shipped_configs import configs_in, copy_text, find, folders, metafiles

ALL = [config for folder in folders() for config in configs_in(folder)]


def test_every_config_is_listed_with_a_line() -> None:
    files = {path for path in ROOT.glob('configs/[a-z]*/*.py')}
    assert {ROOT / 'configs' / config.name for config in ALL} == files
    assert all(config.path.is_file() and config.summary for config in ALL)


def test_the_line_says_what_was_published() -> None:
    (best,) = (config for config in ALL if config.name == 'nwd/faster-rcnn_r50_fpn_rpn-nwd_1x_aitod.py')
    assert best.summary.startswith('Table 3') and best.summary.endswith('(published AP 17.8)')


def test_mim_finds_the_same_metafiles() -> None:
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    assert index['Import'] == [f'configs/{folder}/metafile.yml' for folder in metafiles()]


@pytest.mark.parametrize(
    'name', ['dw_r50_fpn_1x_coco', 'dw/dw_r50_fpn_1x_coco.py', 'nwd_mmdet::dw/dw_r50_fpn_1x_coco.py']
)
def test_a_config_is_found_by_its_name(name: str) -> None:
    assert find(name).name == 'dw/dw_r50_fpn_1x_coco.py'


def test_similar_names_and_folders_are_named() -> None:
    with pytest.raises(ValueError, match=r'no configs are called .*; close are .*dw/dw_r50_fpn_1x_coco.py'):
        find('dw_r50_fpn_coco')
    with pytest.raises(ValueError, match="no folder of configs 'nwdd'; there are alpha_iou, demo, dw"):
        configs_in('nwdd')


@pytest.mark.parametrize('config', ALL[::7], ids=lambda config: config.name)
def test_a_copy_is_the_same_config(config, tmp_path: Path) -> None:
    copy = tmp_path / 'copy.py'
    copy.write_text(copy_text(config))
    assert str(ROOT) not in copy.read_text() and "'../" not in copy.read_text() and "'./" not in copy.read_text()
    copied, original = (_without_scope(read_config(path).to_dict()) for path in (copy, config.path))
    assert copied == original


def _without_scope(value: object) -> object:
    """Bases of another package leave its scope in what they bring."""
    if isinstance(value, dict):
        return {key: _without_scope(item) for key, item in value.items() if key != '_scope_'}
    return [_without_scope(item) for item in value] if isinstance(value, (list, tuple)) else value
