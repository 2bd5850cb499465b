"""The table of experiments: what the metafiles say, and the runs found in work folders."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT
from mmengine.config import Config

from nwd_mmdet.analysis.experiments import (
    NOT_MEASURED,
    Experiment,
    find_runs,
    fingerprint,
    match_runs,
    read_experiments,
    tables,
    to_json,
)

TOOL = ROOT / 'tools' / 'analysis_tools' / 'experiments.py'
DEMO = 'configs/demo/faster-rcnn_r18-small_fpn_synthetic.py'
ROW = {'Table': 1, 'Row': 'IoU', 'Published': {'AP': 11.1, 'AP_50': 26.3}, 'Logged': None}


def finish(work_dir, config: Config, ap: float) -> None:
    """What mmengine leaves of a finished training: the config, and metrics as fractions."""
    folder = work_dir / '20260101_000000' / 'vis_data'
    folder.mkdir(parents=True)
    config.dump(folder / 'config.py')
    config.dump(work_dir / DEMO.split('/')[-1])
    lines = [{'loss': 1.5, 'step': 20}, {'aitod/AP': ap / 2, 'step': 3}, {'aitod/AP': ap, 'aitod/AP_m': -1, 'step': 6}]
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))


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
    others = match_runs(experiments, find_runs(tmp_path), ROOT)
    assert [len(experiment.runs) for experiment in experiments] == [1, 1, 0]
    (run,) = experiments[0].runs
    assert run.seed == 7 and run.metrics['AP'] == pytest.approx(20) and run.metrics['AP_m'] == -1
    assert [other.source for other in others] == [str(tmp_path / 'c' / '20260101_000000')]
    text = tables(experiments)
    assert '20.0 (seed 7)' in text and '30.0 (seed 7)' in text and NOT_MEASURED in text and '11.1 / 26.3' in text


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
        *('python', 'tools/train.py', 'a.py', '--work-dir', 'work_dirs/name', '--cfg-options'),
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
    """Options exist in the config they change, and the README has the table that the tool makes."""
    experiments = read_experiments(metafile)
    assert all(row.keys() >= {'Table', 'Row', 'Published', 'Logged'} for e in experiments for row in e.rows)
    for experiment in experiments:
        if experiment.options:
            plain = fingerprint(replace(experiment, options={}).load(ROOT))
            for key, value in experiment.options.items():
                changed = replace(experiment, options={key: value}).load(ROOT)
                assert fingerprint(changed) != plain, f'{experiment.name}: {key}={value} changes nothing'
    readme = metafile.with_name('README.md').read_text(encoding='utf-8')
    assert tables(experiments, markdown=True) in readme, 'run tools/analysis_tools/experiments.py --update-readmes'


def test_tool(tmp_path) -> None:
    finish(tmp_path / 'demo', Config.fromfile(ROOT / DEMO), 0.25)
    command = [sys.executable, str(TOOL), 'demo', '--work-dirs', str(tmp_path)]
    rows = json.loads(subprocess.run([*command, '--json'], capture_output=True, text=True, check=True).stdout[-100000:])
    measured = {row['experiment']: row['measured'] for row in rows}
    assert measured['faster-rcnn_r18-small_fpn_synthetic'][0]['metrics']['AP'] == 25
    assert len(rows) == len(to_json(read_experiments(ROOT / 'configs/demo/metafile.yml')))
    failed = subprocess.run([sys.executable, str(TOOL), 'nothing'], capture_output=True, text=True)
    assert failed.returncode == 2 and 'nothing' in failed.stderr and 'demo' in failed.stderr
