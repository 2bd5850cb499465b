"""Configs in checkpoints: read as they were saved, never run."""

import math
from pathlib import Path

import pytest
from conftest import ROOT

from nwd_mmdet.config import read_config
from nwd_mmdet.literal_config import literal_config
from nwd_mmdet.shipped_configs import configs_in, folders

NAMES = [config.name for folder in folders() for config in configs_in(folder)]


@pytest.mark.parametrize('name', NAMES[::10])
def test_saved_configs_are_read_as_they_were(name: str) -> None:
    cfg = read_config(ROOT / 'configs' / name)
    assert literal_config(cfg.pretty_text, 'a.pth').to_dict() == cfg.to_dict()


def test_numbers() -> None:
    cfg = literal_config('a = -1\nb = (-2.5, inf, {1: None})\nc = dict(d=-inf, e=nan, f={3})', 'a.pth')
    assert (cfg.a, cfg.b, cfg.c.d, cfg.c.f) == (-1, (-2.5, math.inf, {1: None}), -math.inf, {3})
    assert math.isnan(cfg.c.e)


@pytest.mark.parametrize(
    'text',
    [
        "import os\nos.system('touch {victim}')",
        "a = open('{victim}', 'w')",
        "a = [dict(b=__import__('os').system('touch {victim}'))]",
        "a = dict(**dict(b=open('{victim}', 'w')))",
        "a = {{**{{}}, 1: open('{victim}', 'w')}}",
        "a = (lambda: open('{victim}', 'w'))()",
        "a = -open('{victim}', 'w').fileno()",
        "@open('{victim}', 'w').write\ndef f(): pass",
        "a: open('{victim}', 'w') = 1",
        "a = f'{{open(\\'{victim}\\', \\'w\\')}}'",
        'a = b',
        'a = 1 + 1',
        "a = dict('{victim}')",
        "a.b = '{victim}'",
        'a = = 1',
        '(' * 300,
    ],
)
def test_everything_else_is_refused_and_not_run(text: str, tmp_path: Path) -> None:
    victim = tmp_path / 'victim'
    with pytest.raises(ValueError, match=r'^a\.pth: '):
        literal_config(text.format(victim=victim) if '{victim}' in text else text, 'a.pth')
    assert not victim.exists()
