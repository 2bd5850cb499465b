"""draw_weights.py through its command line, on two drawn images."""

import subprocess
import sys
from pathlib import Path

import torch
from conftest import ROOT
from dw_detector import CONFIG, build_detector

from nwd_mmdet.datasets.synthetic import draw_set


def test_tool(tmp_path: Path) -> None:
    detector = build_detector()
    draw_set(tmp_path / 'data', {'train': 1, 'val': 2}, size=(128, 128))
    checkpoint, picture = tmp_path / 'model.pth', tmp_path / 'out' / 'weights.png'
    torch.save({'state_dict': detector.state_dict(), 'meta': {'dataset_meta': {'classes': ()}}}, checkpoint)
    command = [sys.executable, 'tools/analysis_tools/draw_weights.py', str(CONFIG), str(checkpoint)]
    environment = {'SYNTHETIC_ROOT': str(tmp_path / 'data'), 'PATH': '/usr/bin:/bin', 'PYTHONPATH': str(ROOT)}
    run = subprocess.run([*command, '--out', str(picture)], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0 and picture.stat().st_size > 10_000, run.stderr
    command += ['--out', str(picture), '--image', 'none.png']
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 1 and '--image none.png is none of the 2 test images' in run.stderr
