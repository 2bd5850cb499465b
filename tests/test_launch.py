"""What tools do around a run: their arguments, the work folder, and how they end."""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from mmengine.config import Config

from nwd_mmdet.commands.arguments import add_run
from nwd_mmdet.launch import (
    RateChecks,
    check_checkpoint,
    configure,
    explained_errors,
    other_command,
    relative_path,
    same_command,
    warm_ups_too_long,
)

CONFIG = str(ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_synthetic.py')


def run_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_run(parser)
    return parser


def test_work_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('LOCAL_RANK', '0')  # which configure() sets where it is not
    parser = run_parser()
    assert configure(parser.parse_args([CONFIG])).work_dir == f'work_dirs/{Path(CONFIG).stem}'
    assert configure(parser.parse_args([CONFIG, '--cfg-options', 'work_dir=runs/b'])).work_dir == 'runs/b'
    both = parser.parse_args([CONFIG, '--work-dir', 'runs/a', '--cfg-options', 'work_dir=runs/b', 'randomness.seed=3'])
    assert configure(both).work_dir == 'runs/a' and configure(both).randomness.seed == 3


def test_a_config_that_cannot_be_resolved_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr(sys, 'argv', ['tools/train.py'])
    args = run_parser().parse_args([CONFIG, '--cfg-options', 'model.train_cfg.rpn.assigner.constant=[5,9]'])
    with pytest.raises(SystemExit, match=r'^train.py: .*an RPN does not know the classes'):
        configure(args)


@pytest.mark.parametrize(
    ('error', 'expected', 'message'),
    [
        (FileNotFoundError('no config file x.py'), (), 'tool.py: no config file x.py'),
        (FileNotFoundError(2, 'No such file', 'a.json'), (), 'docs/datasets.md tells how'),
        (ValueError('--scale=0 must be positive'), (ValueError,), 'tool.py: --scale=0 must be positive'),
        (KeyboardInterrupt(), (), '130'),
    ],
)
def test_errors_for_the_user_have_no_trace(
    error: BaseException, expected: tuple, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, 'argv', ['tools/tool.py'])
    with pytest.raises(SystemExit) as end, explained_errors(lambda: 'Go on with --resume.', *expected):
        raise error
    assert message in str(end.value.code)
    assert ('Go on with --resume.' in capsys.readouterr().err) == isinstance(error, KeyboardInterrupt)


def test_other_errors_keep_their_trace() -> None:
    with pytest.raises(ValueError, match='inside'), explained_errors(str):
        raise ValueError('inside')


def test_paths_and_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative_path(tmp_path / 'a' / 'b.pth') == 'a/b.pth'
    assert relative_path('/elsewhere/b.pth') == '/elsewhere/b.pth'
    check_checkpoint('https://example.org/b.pth')
    with pytest.raises(FileNotFoundError, match='no checkpoint .*b.pth.*last_checkpoint'):
        check_checkpoint('b.pth')


WARM_UP = dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500)


@pytest.mark.parametrize(
    ('schedulers', 'message'),
    [
        ([WARM_UP], 'param_scheduler.0 (LinearLR) lasts 500 iterations, the training 360,'),
        ([WARM_UP], '--cfg-options param_scheduler.0.end=36'),
        (WARM_UP, '--cfg-options param_scheduler.end=36'),
        ([dict(type='StepLR'), dict(type='ConstantLR', end=20)], 'param_scheduler.1 (ConstantLR) lasts 20 epochs, the'),
        ([dict(WARM_UP, end=360)], None),
        ([dict(WARM_UP, start_factor=1.0, end_factor=0.01)], None),  # a decay that is cut off
        ([dict(type='CosineAnnealingLR', by_epoch=False, end=9000)], None),
        (None, None),
    ],
)
def test_warm_ups_longer_than_the_training(schedulers: list | dict | None, message: str | None) -> None:
    warnings = warm_ups_too_long(schedulers, epochs=12, iterations=360)
    assert len(warnings) == (message is not None) and (message or '') in ''.join(warnings)


@pytest.mark.parametrize(
    ('loader', 'meta'), [(dict(batch_size=4), {'images_per_step': 8}), (dict(batch_sampler=dict(type='X')), {})]
)
def test_checkpoints_say_how_many_images_a_step_had(loader: dict, meta: dict) -> None:
    """Where a batch sampler alone decides on the batches, nothing is known and nothing fails."""
    runner = SimpleNamespace(world_size=2, cfg=Config(dict(train_dataloader=loader)))
    checkpoint: dict = {'meta': {}}
    RateChecks().before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta'] == meta


@pytest.mark.parametrize(
    ('argv', 'same', 'other'),
    [
        (['tools/train.py', 'a b.py'], "python tools/train.py 'a b.py' --resume", 'python tools/test.py c.py'),
        (['/bin/nwd-mmdet', 'train', 'a.py'], 'nwd-mmdet train a.py --resume', 'nwd-mmdet test c.py'),
    ],
)
def test_commands_to_type_next(argv: list[str], same: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'argv', argv)
    assert same_command('--resume') == same
    assert other_command('test', 'c.py') == other
