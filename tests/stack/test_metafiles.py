"""Metafiles are read once a process, and found beside the package that is imported."""

from pathlib import Path

import mmdet
import mmengine.config.config
import mmengine.hub.hub
import pytest
from mmengine.config import Config, utils
from mmengine.fileio import load

import nwd_mmdet
from nwd_mmdet.stack.metafiles import read_metafiles_once


def test_every_file_is_read_once(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hasattr(utils.load, 'cache_info'), 'in place since the package was imported'
    read: list[str] = []
    monkeypatch.setattr(utils, 'load', lambda path: read.append(path) or load(path))
    read_metafiles_once()
    read_metafiles_once()
    (tmp_path / 'config.py').write_text(
        "_base_ = ['mmdet::_base_/models/retinanet_r50_fpn.py', 'mmdet::_base_/schedules/schedule_1x.py']"
    )
    for _ in range(2):
        config = Config.fromfile(tmp_path / 'config.py')
        assert config.model.type == 'RetinaNet' and config.train_cfg.max_epochs == 12
    assert len(read) > 50 and len(read) == len(set(read))


def test_the_package_is_found_where_it_is_imported_from() -> None:
    for module in (mmengine.config.config, mmengine.hub.hub):
        assert Path(module.get_installed_path('nwd_mmdet')) == Path(nwd_mmdet.__file__).parent
        assert Path(module.get_installed_path('mmdet')) == Path(mmdet.__file__).parent
