"""What the tools do to a config before they run it."""

import argparse

import pytest
from conftest import ROOT
from mmengine.config import Config

from nwd_mmdet.datasets.synthetic import draw_set
from nwd_mmdet.launch import load_config, read_config

CONFIG = str(ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_synthetic.py')
RPN = 'model.train_cfg.rpn.assigner.constant'


def load(**options: object) -> Config:
    settings = dict(config=CONFIG, work_dir=None, cfg_options=options, launcher='none', local_rank=0)
    return load_config(argparse.Namespace(**settings))


def test_auto_becomes_the_mean_size_of_the_training_set(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_set(tmp_path, {'train': 6, 'val': 1})
    monkeypatch.setenv('SYNTHETIC_ROOT', str(tmp_path))
    config = load(**{RPN: 'auto'})
    constant = config.model.train_cfg.rpn.assigner.constant
    assert isinstance(constant, float) and 5 < constant < 30
    assert f'constant={constant}' in config.pretty_text


def test_an_rpn_with_a_constant_for_each_class_is_refused() -> None:
    with pytest.raises(SystemExit, match=r'assigner.constant=\[5.0, 9.0\].*an RPN does not know the classes'):
        load(**{RPN: [5.0, 9.0]})
    assert load(**{'model.train_cfg.rcnn.assigner.constant': [5.0, 9.0]}).work_dir.endswith('rpn-nwd_synthetic')


def test_configs_of_mmdet() -> None:
    config = read_config('mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py')
    assert config.model.type == 'FCOS'
    with pytest.raises(FileNotFoundError):
        read_config('mmdet::fcos/no_such_config.py')
    with pytest.raises(FileNotFoundError, match='relative to the working directory'):
        read_config('no_such_config.py')
