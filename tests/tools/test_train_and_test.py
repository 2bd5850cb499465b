"""tools/train.py and tools/test.py through their command lines, on four drawn images."""

import argparse
import os
import pickle
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import pytest
import torch
from conftest import ROOT
from mmengine.config import Config
from tool_runs import run_tool

from nwd_mmdet.commands.test import augment
from nwd_mmdet.commands.train import apply_arguments
from nwd_mmdet.datasets.synthetic import draw_set

CONFIG = ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic.py'
EPOCHS = 3
OPTIONS = [
    *('model.backbone.base_channels=8', 'model.neck.in_channels=[8,16,32,64]', 'model.test_cfg.rcnn.score_thr=0.0'),
    *(f'train_cfg.max_epochs={EPOCHS}', f'train_cfg.val_interval={EPOCHS + 1}'),
]
# Ctrl-C comes after the first checkpoint, however slowly this process gets to send it.
PAUSING = """
import time
from mmdet.registry import HOOKS
from mmengine.hooks import Hook

@HOOKS.register_module()
class PausingHook(Hook):
    priority = 'LOWEST'

    def after_train_epoch(self, runner):
        if runner.epoch == 0:
            time.sleep(300)
"""


class Training(NamedTuple):
    """What a run of train.py left."""

    code: int
    log: str
    work_dir: Path


@pytest.fixture(scope='module')
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables for a tool, with a set of four training images and two others."""
    data = tmp_path_factory.mktemp('data')
    draw_set(data, dict(train=4, val=2), (128, 128))
    # Threads that wait for each other on cores that are taken cost more than they give.
    (data / 'pausing.py').write_text(PAUSING)
    path = os.pathsep.join([str(ROOT), str(data)])
    return {**os.environ, 'SYNTHETIC_ROOT': str(data), 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'}


def run(command: str, environment: dict[str, str], folder: Path) -> str:
    """Run a command that a tool printed; return what it prints."""
    words = [sys.executable, *shlex.split(command)[1:]]
    result = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope='module')
def interrupted(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Training:
    """A training that Ctrl-C ended after its first checkpoint."""
    folder = tmp_path_factory.mktemp('elsewhere')  # not the checkout: the tools work from anywhere
    (folder / CONFIG.name).write_text(
        f"_base_ = '{CONFIG}'\n"
        "custom_imports = dict(imports=['nwd_mmdet', 'pausing'], allow_failed_imports=False)\n"
        "custom_hooks = [dict(type='PausingHook')]\n"
    )
    command = [sys.executable, ROOT / 'tools/train.py', CONFIG.name, '--work-dir', 'run', '--cfg-options', *OPTIONS]
    with (folder / 'log').open('w') as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell that started the tests in the background has left Ctrl-C ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        give_up = time.monotonic() + 300
        while process.poll() is None and not (folder / 'run' / 'last_checkpoint').exists():
            time.sleep(0.02)
            if time.monotonic() > give_up:
                process.kill()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers of the data loader as well
        code = process.wait(timeout=60)
    return Training(code, (folder / 'log').read_text(), folder / 'run')


@pytest.fixture(scope='module')
def resumed(interrupted: Training, environment: dict[str, str]) -> Training:
    """The same training, gone on with by the command that it printed."""
    command = interrupted.log.splitlines()[-1]
    return Training(0, run(command, environment, interrupted.work_dir.parent), interrupted.work_dir)


def test_ctrl_c_says_how_to_go_on(interrupted: Training) -> None:
    assert interrupted.code == 130, interrupted.log
    message, command = interrupted.log.splitlines()[-2:]
    assert message.startswith('Interrupted. The last checkpoint is run/epoch_1.pth.')
    assert command.endswith('--resume')
    assert 'Traceback' not in interrupted.log


def test_resume_continues(resumed: Training) -> None:
    assert 'resumed epoch: 1, iter: 1' in resumed.log
    checkpoint = torch.load(resumed.work_dir / f'epoch_{EPOCHS}.pth')
    assert (checkpoint['meta']['epoch'], checkpoint['meta']['iter']) == (EPOCHS, EPOCHS)
    assert checkpoint['optimizer']['state'][0]['step'] == EPOCHS
    assert len(checkpoint['message_hub']['log_scalars']['train/loss'].data[0]) == EPOCHS


def test_a_warm_up_longer_than_the_training_is_named(resumed: Training) -> None:
    assert 'param_scheduler.0 (LinearLR) lasts 100 iterations, the training 3,' in resumed.log


def test_a_resumed_run_keeps_the_learning_rate(main: Callable, resumed: Training, tmp_path: Path) -> None:
    """Of the checkpoint, whatever --auto-scale-lr would make of the config's; and what differs is named."""
    options = ['train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False', 'val_cfg=None']
    options += ['val_dataloader=None', 'val_evaluator=None', *OPTIONS]
    args = ['--auto-scale-lr', '--resume', str(resumed.work_dir / f'epoch_{EPOCHS}.pth'), '--cfg-options', *options]
    checkpoint = torch.load(resumed.work_dir / f'epoch_{EPOCHS}.pth')
    rate, images = checkpoint['optimizer']['param_groups'][0]['initial_lr'], checkpoint['meta']['images_per_step']
    assert images == 4

    def go_on(name: str, *more: str) -> str:
        one_more = [f'experiment_name={name}', f'train_cfg.max_epochs={EPOCHS + 1}']
        main('train.py', str(CONFIG), '--work-dir', name, *args, *one_more, *more)
        after = torch.load(tmp_path / name / f'epoch_{EPOCHS + 1}.pth')
        assert after['optimizer']['param_groups'][0]['initial_lr'] == rate
        (log,) = (tmp_path / name).glob('*/*.log')
        return log.read_text()

    log = go_on('same')
    assert f'Going on with the learning rate of the checkpoint, {rate:.4g}' in log
    assert 'images per step' not in log and 'has no effect' not in log
    log = go_on('half', 'train_dataloader.batch_size=2')
    assert f'The learning rate stays {rate:.4g}' in log and f'The {rate / 2:.4g} of this command' in log
    assert 'trained with 4 images per step, this run has 2' in log


def test_test_follows_training(resumed: Training, environment: dict[str, str], tmp_path: Path) -> None:
    """The command that train.py printed, from its folder, with detections and pictures asked for."""
    trained = resumed.work_dir / CONFIG.name
    text = trained.read_text()
    command = f'{resumed.log.splitlines()[-1]} --out {tmp_path}/out/all.pkl --show-dir {tmp_path}/pictures'
    log = run(command, environment, resumed.work_dir.parent)
    assert 'aitod/AP: ' in log
    assert log.splitlines()[-2:] == [f'Detections: {tmp_path}/out/all.pkl', f'Pictures: {tmp_path}/pictures']
    results = pickle.loads((tmp_path / 'out/all.pkl').read_bytes())
    assert [result['img_id'] for result in results] == [1, 2]
    assert results[0]['pred_instances']['bboxes'].shape == (300, 4)
    pictures = sorted((tmp_path / 'pictures').iterdir())
    assert [path.name for path in pictures] == ['000000.png', '000001.png']
    assert min(cv2.imread(str(pictures[0])).shape[:2]) >= 1000  # 128 px, enlarged
    assert trained.read_text() == text, 'the test replaced the config that was trained'


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str]) -> Callable[..., None]:
    """A tool's main function, in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('SYNTHETIC_ROOT', environment['SYNTHETIC_ROOT'])
    monkeypatch.syspath_prepend(environment['SYNTHETIC_ROOT'])  # for what the trained config imports

    def call(tool: str, *args: str) -> None:
        run_tool(monkeypatch, tool, *args)

    return call


def test_tta_flips_where_the_config_does_not_say(main: Callable, resumed: Training, tmp_path: Path) -> None:
    checkpoint = str(resumed.work_dir / f'epoch_{EPOCHS}.pth')
    for name, *more in (['plain'], ['flipped', '--tta']):
        options = ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False']
        main('test.py', str(resumed.work_dir / CONFIG.name), checkpoint, '--out', f'{name}.pkl', *more,
             '--work-dir', name, '--cfg-options', *options)  # fmt: skip
    plain, flipped = (
        [result['pred_instances']['scores'] for result in pickle.loads((tmp_path / f'{name}.pkl').read_bytes())]
        for name in ('plain', 'flipped')
    )
    assert [len(scores) for scores in flipped] == [300, 300]  # max_per_img of the model, not mmdet's 100
    for one, two in zip(plain, flipped):
        assert two[0] >= one[0]  # the best of two views
        assert not torch.equal(one, two)


def test_tta_keeps_what_the_config_says() -> None:
    cfg = Config.fromfile(CONFIG)
    cfg.test_dataloader.dataset.pipeline[-1].meta_keys = ('img_id', 'instances')
    cfg.model.test_cfg.rcnn.nms = dict(type='nwd_nms', iou_threshold=0.5)
    augment(cfg)
    assert cfg.model.module.type == 'FasterRCNN'
    assert cfg.model.tta_cfg == dict(nms=dict(type='nwd_nms', iou_threshold=0.5), max_per_img=300)
    flips, [pack] = cfg.test_dataloader.dataset.pipeline[-1].transforms
    assert [flip.prob for flip in flips] == [0.0, 1.0]
    assert pack.meta_keys == ('img_id', 'instances', 'flip', 'flip_direction')

    own = Config.fromfile(CONFIG)
    own.tta_model, own.tta_pipeline = dict(type='DetTTAModel', tta_cfg=dict(max_per_img=7)), [dict(type='Own')]
    own.test_dataloader.dataset = dict(type='RepeatDataset', times=1, dataset=own.test_dataloader.dataset)
    augment(own)
    assert own.model.tta_cfg.max_per_img == 7
    assert own.test_dataloader.dataset.dataset.pipeline == [dict(type='Own')]


@pytest.mark.parametrize(
    ('tool', 'args', 'message'),
    [
        ('train.py', ['gone.py'], 'train.py: no config file .*/gone.py'),
        ('train.py', [CONFIG, '--resume', 'gone.pth'], 'train.py: no checkpoint .*/gone.pth'),
        ('test.py', [CONFIG, 'gone.pth'], r'test.py: no checkpoint .*/gone.pth. .*last_checkpoint'),
        ('train.py', [CONFIG], r'(?s)no annotation file.*/nowhere/annotations/train.json.*draw-synthetic'),
        (
            'train.py',
            [ROOT / 'configs/nwd/faster-rcnn_r18-small_fpn_12e_sirst.py'],
            '(?s)/nowhere/train.json.*docs/datasets.md',
        ),
    ],
    ids=['config', 'checkpoint to resume', 'checkpoint to test', 'AI-TOD', 'COCO'],
)
def test_missing_files(main: Callable, monkeypatch: pytest.MonkeyPatch, tool: str, args: list, message: str) -> None:
    for name in ('SYNTHETIC_ROOT', 'SIRST_ROOT'):
        monkeypatch.setenv(name, '/nowhere')
    with pytest.raises(SystemExit, match=message):
        main(tool, *map(str, args))


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['--out', 'all.json'], 'ends in .pkl'),
        pytest.param(
            *(['--show'], 'needs a display'),
            marks=pytest.mark.skipif(sys.platform != 'linux', reason='windows need no variable there'),
        ),
    ],
)
def test_refused_before_anything_is_loaded(
    main: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, args: list, message: str
) -> None:
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit):
        main('test.py', str(CONFIG), 'gone.pth', *args)
    assert message in capsys.readouterr().err


def applied(settings: dict, **args: object) -> Config:
    """A config of these settings after train.py's arguments."""
    cfg = Config(settings)
    parser = argparse.ArgumentParser()
    settings_of_none = {'amp': False, 'auto_scale_lr': False, 'resume': None, 'error': parser.error}
    apply_arguments(cfg, argparse.Namespace(**settings_of_none | args))
    return cfg


def test_arguments_of_train(capsys: pytest.CaptureFixture) -> None:
    assert applied(dict(auto_scale_lr=dict(enable=False, base_batch_size=8)), auto_scale_lr=True).auto_scale_lr.enable
    with pytest.raises(SystemExit):
        applied(dict(auto_scale_lr=dict(enable=False)), auto_scale_lr=True)
    assert 'auto_scale_lr.base_batch_size=' in capsys.readouterr().err
    last = applied(dict(load_from='pretrained.pth'), resume='auto')
    assert last.resume and last.load_from is None


def test_amp(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    settings = dict(optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1)))
    monkeypatch.setattr('mmengine.device.get_device', lambda: 'cuda')
    wrapper = applied(settings, amp=True).optim_wrapper
    assert (wrapper.type, wrapper.loss_scale, wrapper.optimizer.lr) == ('AmpOptimWrapper', 'dynamic', 0.1)
    monkeypatch.setattr('mmengine.device.get_device', lambda: 'cpu')
    with pytest.raises(SystemExit):
        applied(settings, amp=True)
    assert '--amp needs a GPU' in capsys.readouterr().err


LAUNCHED = [
    (
        'dist_train.sh',
        ['my config.py', '1', '--resume', '--cfg-options', 'a=b'],
        {'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': 'node0', 'PORT': '29501', 'OMP_NUM_THREADS': '3'},
        'python -m torch.distributed.run --nnodes=2 --node_rank=1 --master_addr=node0 --master_port=29501 '
        "--nproc_per_node=1 TOOLS/train.py 'my config.py' --resume --cfg-options a=b --launcher pytorch",
    ),
    (
        'dist_test.sh',
        ['config.py', 'epoch_1.pth', '8', '--tta'],
        {},
        'python -m torch.distributed.run --nnodes=1 --node_rank=0 --master_addr=127.0.0.1 --master_port=29500 '
        '--nproc_per_node=8 TOOLS/test.py config.py epoch_1.pth --tta --launcher pytorch',
    ),
    (
        'slurm_train.sh',
        ['gpu', 'tiny', 'config.py', 'runs/a', '--amp'],
        {'GPUS': '4', 'SRUN_ARGS': '--quotatype=auto --exclude n1'},
        'srun --partition=gpu --job-name=tiny --gres=gpu:4 --ntasks=4 --ntasks-per-node=4 --cpus-per-task=5 '
        '--kill-on-bad-exit=1 --quotatype=auto --exclude n1 '
        'python -u TOOLS/train.py config.py --work-dir runs/a --amp --launcher slurm',
    ),
    (
        'slurm_test.sh',
        ['gpu', 'tiny', 'config.py', 'epoch_1.pth'],
        {'GPUS': '16', 'CPUS_PER_TASK': '9'},
        'srun --partition=gpu --job-name=tiny --gres=gpu:8 --ntasks=16 --ntasks-per-node=8 --cpus-per-task=9 '
        '--kill-on-bad-exit=1 python -u TOOLS/test.py config.py epoch_1.pth --launcher slurm',
    ),
    (
        'slurm_train.sh',
        ['cpu', 'tiny', 'config.py', 'runs/a'],
        {'GPUS': '0', 'GPUS_PER_NODE': '4', 'CPUS_PER_TASK': '32'},
        'srun --partition=cpu --job-name=tiny --ntasks=1 --cpus-per-task=32 --kill-on-bad-exit=1 '
        'python -u TOOLS/train.py config.py --work-dir runs/a --launcher none',
    ),
]


@pytest.mark.parametrize(('script', 'args', 'variables', 'command'), LAUNCHED, ids=[case[0] for case in LAUNCHED])
def test_launchers(script: str, args: list[str], variables: dict, command: str, tmp_path: Path) -> None:
    """The command line that a launcher hands to python or srun, which are stand-ins here."""
    for name in ('python', 'srun'):
        (tmp_path / name).write_text('#!/bin/sh\nprintf "%s\\n" "$OMP_NUM_THREADS" "${0##*/}" "$@"\n')
        (tmp_path / name).chmod(0o755)
    known = {name: value for name, value in os.environ.items() if name in ('HOME', 'LANG')}
    environment = {**known, **variables, 'PATH': f'{tmp_path}:{os.environ["PATH"]}'}
    path = ROOT / 'tools' / script
    threads, *words = subprocess.check_output([path, *args], env=environment, text=True).splitlines()
    assert words == shlex.split(command.replace('TOOLS', str(ROOT / 'tools')))
    if script.startswith('dist'):
        assert threads == variables.get('OMP_NUM_THREADS') or int(threads) >= 1
    usage = subprocess.run([path, 'alone'], env=environment, capture_output=True, text=True)
    assert usage.returncode == 2 and script in usage.stderr
