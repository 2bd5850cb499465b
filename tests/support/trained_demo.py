"""A small NWD detector, trained for a step with mmengine's Runner on four drawn images."""

from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT
from mmengine.config import Config
from mmengine.runner import Runner

from nwd_mmdet.datasets.synthetic import draw_set

DEMO = ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic.py'
SMALL = f"""
_base_ = '{DEMO}'
nwd_constant = 'auto'
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(in_channels=[8, 16, 32, 64]),
    test_cfg=dict(rcnn=dict(score_thr=0.0, max_per_img=50)),
)
train_dataloader = dict(num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
train_cfg = dict(max_epochs=1, val_interval=2)
"""


class TrainedDemo(NamedTuple):
    """What there is after the training.

    Attributes:
        data: Folder of the set: four training images and two others, of 128 × 128 px.
        config: Config with ``nwd_constant = 'auto'``, which finds the set in ``SYNTHETIC_ROOT``.
        trained: The copy of it that the training wrote into its work folder.
        checkpoint: The checkpoint.
    """

    data: Path
    config: Path
    trained: Path
    checkpoint: Path

    @property
    def image(self) -> Path:
        return self.data / 'val/000000.png'


def train_demo(folder: Path) -> TrainedDemo:
    """Draw, train and save in a folder."""
    folder.mkdir(exist_ok=True)
    data, config, work_dir = folder / 'data', folder / 'demo.py', folder / 'work_dirs/demo'
    draw_set(data, dict(train=4, val=2), (128, 128))
    config.write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('SYNTHETIC_ROOT', str(data))
        cfg = Config.fromfile(config)
        cfg.work_dir, cfg.experiment_name = str(work_dir), folder.name
        cfg.visualizer.name = cfg.experiment_name  # of one name there is one a process, which writes where it began
        Runner.from_cfg(cfg).train()
    assert cfg.nwd_constant == 'auto', 'the config of the caller is left as it is'
    return TrainedDemo(data, config, work_dir / 'demo.py', work_dir / 'epoch_1.pth')
