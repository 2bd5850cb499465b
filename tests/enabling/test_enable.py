"""Every detector that mmdet ships is switched, trains and detects, and asks for the overlap in each place."""

import math
from pathlib import Path

import mmdet.models.dense_heads.paa_head
import pytest
import torch
from enabled_detectors import SHIPPED, TwoComponents, build_enabled, drawn, enable_shipped, observed


@pytest.mark.parametrize('name', [name for name in SHIPPED if name != 'CenterNet'])
def test_the_overlap_is_used_in_each_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmdet.models.dense_heads.paa_head, 'skm', TwoComponents)
    enabled = enable_shipped(name, tmp_path)
    model = build_enabled(name, enabled.out)
    data = drawn(name, model)
    with observed(model, data) as uses:
        for epoch in (0, 100) if hasattr(model, 'bbox_head') and hasattr(model.bbox_head, 'epoch') else (0,):
            model.set_epoch(epoch)  # TOOD has another assigner in the first epochs
            batch = model.data_preprocessor(data, training=True)
            loss, _ = model.parse_losses(model.train()(**batch, mode='loss'))
            loss.backward()
        with torch.no_grad():
            model.eval().test_step(drawn(name, model))
    assert math.isfinite(loss.item())
    assert uses.in_pixels
    places = {part: [change for change in enabled.changes if change.part == part] for part in ('assign', 'nms', 'loss')}
    assert len(uses.assigners) == len(places['assign'])
    assert len(uses.losses) == len(places['loss'])
    for training, folder in ((True, 'train_cfg'), (False, 'test_cfg')):
        expected = {
            (change.settings['type'], change.settings['iou_threshold'])
            for change in places['nms']
            if f'.{folder}.' in change.path
        }
        assert uses.nms[training] == expected
