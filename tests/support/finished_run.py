"""What a finished training leaves in its work folder."""

import json
from pathlib import Path

from mmengine.config import Config


def finish(work_dir: Path, config: Config, ap: float) -> None:
    """Write the config and three records of the log, metrics as fractions."""
    folder = work_dir / '20260101_000000' / 'vis_data'
    folder.mkdir(parents=True)
    config.dump(folder / 'config.py')
    config.dump(work_dir / Path(config.filename).name)
    lines = [{'loss': 1.5, 'step': 20}, {'aitod/AP': ap / 2, 'step': 3}, {'aitod/AP': ap, 'aitod/AP_m': -1, 'step': 6}]
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
