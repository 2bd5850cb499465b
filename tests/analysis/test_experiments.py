"""Experiments: what the metafiles say, and the runs found in work folders."""

import shlex
from dataclasses import replace

import pytest
from conftest import ROOT
from finished_run import finish
from mmengine.config import Config

from nwd_mmdet.analysis.experiments import Experiment, find_runs, fingerprint, match_runs, read_experiments

DEMO = 'configs/demo/faster-rcnn_r18-small_fpn_synthetic.py'
ROW = {'Table': 1, 'Row': 'IoU', 'Published': {'AP': 11.1, 'AP_50': 26.3}, 'Logged': None}


def test_runs_go_to_the_experiment_with_their_settings(tmp_path) -> None:
    experiments = [
        Experiment('plain', DEMO, {}, [ROW]),
        Experiment('scale 4', DEMO, {'model.rpn_head.anchor_generator.scales': [4]}, [ROW]),
        Experiment('scale 2', DEMO, {'model.rpn_head.anchor_generator.scales': [2]}, [ROW]),
    ]
    config = Config.fromfile(ROOT / DEMO)
    config.merge_from_dict({'randomness.seed': 7, 'train_dataloader.num_workers': 0})
    finish(tmp_path / 'a', config, 0.2)
    config.merge_from_dict({'model.rpn_head.anchor_generator.scales': [4]})
    finish(tmp_path / 'b' / 'deeper', config, 0.3)
    config.merge_from_dict({'model.rpn_head.anchor_generator.scales': [16]})
    finish(tmp_path / 'c', config, 0.4)
    experiments, others = match_runs(experiments, find_runs(tmp_path), ROOT)
    assert [len(experiment.runs) for experiment in experiments] == [1, 1, 0]
    (run,) = experiments[0].runs
    assert run.seed == 7 and run.metrics['AP'] == pytest.approx(20) and run.metrics['AP_m'] == -1
    assert [other.source for other in others] == [str(tmp_path / 'c' / '20260101_000000')]
    assert match_runs(experiments, [], ROOT) == (experiments, [])


def test_what_counts_as_the_same_settings() -> None:
    config = Config.fromfile(ROOT / DEMO)
    dumped = Config.fromstring(config.pretty_text, '.py')
    assert fingerprint(dumped) == fingerprint(config)
    for change in (
        {'optim_wrapper.optimizer.lr': 1.0},
        {'train_cfg.max_epochs': 99},
        {'train_dataloader.dataset.ann_file': 'annotations/val.json'},
    ):
        changed = Config.fromfile(ROOT / DEMO)
        changed.merge_from_dict(change)
        assert fingerprint(changed) != fingerprint(config), change


def test_command_sets_the_options() -> None:
    experiment = Experiment('name', 'a.py', {'model.x.scales': [2, 4], 'model.y': 'topk', 'model.z': 1.5}, [ROW])
    assert shlex.split(experiment.command) == [
        *('nwd-mmdet', 'train', 'a.py', '--work-dir', 'work_dirs/name', '--cfg-options'),
        *('model.x.scales=[2,4]', 'model.y=topk', 'model.z=1.5'),
    ]


def test_missing_keys_and_double_names_are_named(tmp_path) -> None:
    metafile = tmp_path / 'metafile.yml'
    metafile.write_text('Models:\n  - {Name: a, Config: b.py}\n')
    with pytest.raises(ValueError, match='entry a has no Rows'):
        read_experiments(metafile)
    metafile.write_text('Models:\n' + '  - {Name: a, Config: b.py, Rows: []}\n' * 2)
    with pytest.raises(ValueError, match='the name a is given twice'):
        read_experiments(metafile)


@pytest.mark.parametrize('metafile', sorted(ROOT.glob('configs/*/metafile.yml')), ids=lambda path: path.parent.name)
def test_every_experiment_of_the_metafiles(metafile) -> None:
    """Options exist in the config that they change."""
    experiments = read_experiments(metafile)
    assert all(row.keys() >= {'Table', 'Row', 'Published', 'Logged'} for e in experiments for row in e.rows)
    for experiment in experiments:
        if experiment.options:
            plain = fingerprint(replace(experiment, options={}).load(ROOT))
            for key, value in experiment.options.items():
                changed = replace(experiment, options={key: value}).load(ROOT)
                assert fingerprint(changed) != plain, f'{experiment.name}: {key}={value} changes nothing'
