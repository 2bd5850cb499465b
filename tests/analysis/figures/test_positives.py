"""Positives per object as bars."""

from pathlib import Path

import torch

from nwd_mmdet.analysis.figures.positives import draw_positives
from nwd_mmdet.analysis.positives import PositiveCounts


def test_a_panel_for_each_anchor_and_the_same_file_each_time(tmp_path: Path) -> None:
    part = PositiveCounts(torch.tensor([0, 1, 5]), torch.tensor([4.0, 12.0, 20.0]))
    for name in ('a.svg', 'b.svg'):
        draw_positives(tmp_path / name, {8.0: {'iou': part, 'nwd': part}, 32.0: {'iou': part, 'nwd': part}})
    text = (tmp_path / 'a.svg').read_text()
    assert text == (tmp_path / 'b.svg').read_text()
    assert all(f'<!-- smallest anchor {size} px -->' in text for size in (8, 32)) and '<!-- nwd -->' in text
    assert '<!-- vt' in text and '<!-- m' not in text, 'sizes without objects are left out'
