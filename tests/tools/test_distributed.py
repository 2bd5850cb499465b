"""One step of two processes with gloo on the CPU: tools/dist_train.sh against mmdet's own tools/train.py."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import mmdet
import pytest
import torch
from conftest import ROOT

from nwd_mmdet.datasets.synthetic import draw_set

CONFIG = ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic.py'
OPTIONS = [
    *('model.backbone.base_channels=8', 'model.neck.in_channels=[8,16,32,64]'),
    *('train_cfg.max_epochs=1', 'train_dataloader.batch_size=2', 'default_hooks.logger.interval=1'),
    *('train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False'),
    *('val_cfg=None', 'val_dataloader=None', 'val_evaluator=None'),
]
# What mmdet's train.py needs to run without a GPU: mmengine selects one in each process, whatever the backend.
MMDET_ON_CPU = """
import runpy, sys, torch
torch.cuda.set_device = lambda device: None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""
MMDET_OPTIONS = [
    *('env_cfg.dist_cfg.backend=gloo', 'model_wrapper_cfg.type=MMDistributedDataParallel'),
    *('model_wrapper_cfg.broadcast_buffers=False', 'model_wrapper_cfg.device_ids=None'),
]


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


@pytest.fixture(scope='module')
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Work folder of a run by the tools here and of one by mmdet's; side by side, since both mostly import."""
    theirs = Path(mmdet.__file__).parent / '.mim' / 'tools' / 'train.py'
    if not theirs.is_file():
        pytest.skip(f'this mmdet came without its tools: no {theirs}')
    folder = tmp_path_factory.mktemp('distributed')
    draw_set(folder / 'data', dict(train=4, val=1), (128, 128))
    (folder / 'mmdet_on_cpu.py').write_text(MMDET_ON_CPU)
    environment = {
        **os.environ,
        'SYNTHETIC_ROOT': str(folder / 'data'),
        'PYTHONPATH': str(ROOT),
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'CUDA_VISIBLE_DEVICES': '-1',
        'OMP_NUM_THREADS': '1',
    }
    launch = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2']
    common = ['--auto-scale-lr', '--cfg-options', *OPTIONS]
    commands = {
        'ours': [ROOT / 'tools/dist_train.sh', CONFIG, '2', '--work-dir', 'ours', *common],
        'mmdet': [*launch, f'--master_port={free_port()}', 'mmdet_on_cpu.py', theirs, CONFIG, '--launcher', 'pytorch',
                  '--work-dir', 'mmdet', *common, *MMDET_OPTIONS],
    }  # fmt: skip
    processes = {
        name: subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**environment, 'PORT': free_port()},
            stdout=(folder / f'{name}.log').open('w'),
            stderr=subprocess.STDOUT,
        )
        for name, command in commands.items()
    }
    for name, process in processes.items():
        assert process.wait(timeout=300) == 0, (folder / f'{name}.log').read_text()
    return {name: folder / name for name in commands}


def scalars(work_dir: Path) -> list[dict]:
    [path] = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_same_losses_as_mmdet(runs: dict[str, Path]) -> None:
    ours, theirs = scalars(runs['ours']), scalars(runs['mmdet'])
    assert len(ours) == 1  # 4 images, 2 processes, 2 images each
    timing = {'time', 'data_time', 'memory'}
    assert {key: ours[0][key] for key in ours[0].keys() - timing} == {
        key: theirs[0][key] for key in theirs[0].keys() - timing
    }
    assert ours[0]['loss_rpn_bbox'] > 0


def test_same_parameters_as_mmdet(runs: dict[str, Path]) -> None:
    ours, theirs = (torch.load(run / 'epoch_1.pth', weights_only=False) for run in runs.values())
    assert ours['state_dict'].keys() == theirs['state_dict'].keys()
    for name, value in ours['state_dict'].items():
        assert torch.equal(value, theirs['state_dict'][name]), name
    assert ours['optimizer']['state'][0]['exp_avg'].any()  # a step was taken


def test_learning_rate_follows_the_global_batch(runs: dict[str, Path]) -> None:
    """The config is for 4 images a step, which 2 processes of 2 images are."""
    log = (runs['ours'].parent / 'ours.log').read_text()
    assert 'based on batch size of 4 and the current batch size is 4' in log


def test_one_process_reports(runs: dict[str, Path]) -> None:
    log = (runs['ours'].parent / 'ours.log').read_text()
    assert log.count('Last checkpoint: ours/epoch_1.pth') == 1
