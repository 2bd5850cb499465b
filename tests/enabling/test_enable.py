"""Every detector that mmdet ships is switched, trains and detects, and asks for the overlap in each place."""

import math
from pathlib import Path

import mmdet.models.dense_heads.paa_head
import pytest
import torch
from enabled_detectors import SHIPPED, TwoComponents, build_enabled, drawn, enable_shipped, observed
from mmengine.logging import MessageHub


@pytest.mark.parametrize('name', [name for name in SHIPPED if name != 'CenterNet'])
def test_the_overlap_is_used_in_each_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmdet.models.dense_heads.paa_head, 'skm', TwoComponents)
    enabled = enable_shipped(name, tmp_path)
    model = build_enabled(name, enabled.out)
    data = drawn(name, model)
    with observed(model, data) as uses:
        for epoch in (0, 100) if name == 'TOOD' else (0,):  # it has another assigner in the first epochs
            MessageHub.get_current_instance().update_info('epoch', epoch)
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
