"""experiments.py through its command line."""

import json
import subprocess
import sys

from conftest import ROOT
from finished_run import finish
from mmengine.config import Config

from nwd_mmdet.analysis.experiment_tables import to_json
from nwd_mmdet.analysis.experiments import read_experiments

DEMO = 'configs/demo/faster-rcnn_r18-small_fpn_synthetic.py'
TOOL = ROOT / 'tools' / 'analysis_tools' / 'experiments.py'


def test_tool(tmp_path) -> None:
    finish(tmp_path / 'demo', Config.fromfile(ROOT / DEMO), 0.25)
    command = [sys.executable, str(TOOL), 'demo', '--work-dirs', str(tmp_path)]
    rows = json.loads(subprocess.run([*command, '--json'], capture_output=True, text=True, check=True).stdout[-100000:])
    measured = {row['experiment']: row['measured'] for row in rows}
    assert measured['faster-rcnn_r18-small_fpn_synthetic'][0]['metrics']['AP'] == 25
    assert len(rows) == len(to_json(read_experiments(ROOT / 'configs/demo/metafile.yml')))
    failed = subprocess.run([sys.executable, str(TOOL), 'nothing'], capture_output=True, text=True)
    assert failed.returncode == 2 and 'nothing' in failed.stderr and 'demo' in failed.stderr
