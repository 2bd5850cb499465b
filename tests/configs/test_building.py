"""Every config is read, dumped and built, and so is every experiment of the metafiles."""

import functools
import inspect
from pathlib import Path

import pytest
import torch
import yaml
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.runner import Runner

from nwd_mmdet.analysis.experiments import Experiment, read_experiments
from nwd_mmdet.config import read_config

METAFILES = sorted(ROOT.glob('configs/*/metafile.yml'))
# Those of configs/own take their classes from a data set: tests/configs/test_datasets.py builds them.
CONFIGS = sorted(set(ROOT.glob('configs/[!_]*/*.py')) - set(ROOT.glob('configs/own/*.py')))
OPTIONS = [experiment for file in METAFILES for experiment in read_experiments(file) if experiment.options]


@functools.cache
def known_keys() -> set[str]:
    """What mmengine's Runner takes, what mmdet's own configs have, and the import of this package."""
    mmdet = read_config('mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py')
    return {*inspect.signature(Runner).parameters, *mmdet, 'custom_imports'}


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_builds(path: Path) -> None:
    register_all_modules()
    config = read_config(path)
    Config.fromstring(config.pretty_text, '.py')  # the runner dumps it
    with torch.device('meta'):  # no memory and no time for weights
        MODELS.build(config.model)
    assert 'nwd_mmdet' in config.custom_imports['imports']
    left = config.keys() - known_keys() - ({'max_epochs'} if path.stem.startswith('detr') else set())  # mmdet's own
    assert not left, f'{left} stay in the config that the runner dumps'
    for name in ('train_dataloader', 'val_evaluator', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr'):
        assert config.get(name), f'{name} is missing'
    heads = [config.model.get('bbox_head') or config.model.roi_head.bbox_head]
    heads = heads[0] if isinstance(heads[0], list) else heads
    classes = {'coco': 80, 'sirst': 1, 'visdrone': 10, 'voc0712': 20}.get(path.stem.rpartition('_')[2], 8)
    assert [head.num_classes for head in heads] == [classes] * len(heads)


@pytest.mark.parametrize('experiment', OPTIONS, ids=lambda experiment: experiment.name)
def test_options_of_the_metafiles_build(experiment: Experiment) -> None:
    register_all_modules()
    plain, config = Experiment('', experiment.config, {}, []).load(ROOT), experiment.load(ROOT)
    for key in experiment.options:  # what they change is there: a key with a typo would be added beside it
        node = plain
        for part in key.split('.')[:-1]:
            node = node[int(part) if part.isdigit() else part]
    with torch.device('meta'):
        MODELS.build(config.model)


@pytest.mark.parametrize('metafile', METAFILES, ids=lambda path: path.parent.name)
def test_metafiles_have_no_other_keys(metafile: Path) -> None:
    """In YAML's ``{…}`` an unquoted comma ends a value, and what follows it becomes a key."""
    for model in yaml.safe_load(metafile.read_text())['Models']:
        assert model.keys() <= {'Name', 'In Collection', 'Config', 'Options', 'Metadata', 'Rows', 'Results'}
        assert model['Metadata'].keys() == {'Epochs', 'Batch Size'}
        assert all(row.keys() == {'Table', 'Row', 'Published', 'Logged'} for row in model['Rows']), model['Name']
        assert all(run.keys() <= {'Task', 'Dataset', 'Seed', 'Metrics'} for run in model['Results']), model['Name']
