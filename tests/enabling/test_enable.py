"""Every detector that mmdet ships is switched, trains and detects, and asks for the overlap in each place."""

import ast
import math
from pathlib import Path

import mmdet.models.dense_heads.paa_head
import pytest
import torch
from conftest import ROOT
from enabled_detectors import SHIPPED, TwoComponents, build_enabled, drawn, enable_shipped, observed, table_row
from mmengine.logging import MessageHub

from nwd_mmdet.enabling.enable import enable
from nwd_mmdet.enabling.metric import Metric


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


@pytest.mark.parametrize('name', ['GFL', 'TOOD', 'FCOS, improved'])
def test_boxes_in_strides_are_known_as_such(name: str, tmp_path: Path) -> None:
    """Which the losses of these heads get: an overlap with a constant in px is kept away from them."""
    model = build_enabled(name, enable_shipped(name, tmp_path, 'giou', parts=['loss']).out)
    data = drawn(name, model)
    MessageHub.get_current_instance().update_info('epoch', 0)
    with observed(model, data) as uses:
        model.train()(**model.data_preprocessor(data, training=True), mode='loss')
    assert uses.losses and not uses.in_pixels


def test_nothing_to_set_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r'has no place to set:\n  assign  CenterNet: assigns by its heat map'
    ) as error:
        enable_shipped('CenterNet', tmp_path)
    assert 'keeps the peaks of its heat map' in str(error.value) and 'learns sizes and offsets' in str(error.value)
    assert not (tmp_path / 'mine.py').exists()


def test_parts_alone(tmp_path: Path) -> None:
    enabled = enable_shipped('Faster R-CNN', tmp_path, parts=['nms'])
    assert {change.part for change in enabled.changes} == {'nms'} and not enabled.left
    assert '--parts nms' in enabled.out.read_text()


@pytest.mark.parametrize(
    ('name', 'parts', 'message'),
    [
        ('DETR', ['nms'], r'has no place to set:\n  nms  DETR: predicts a set'),
        ('GFL', ['assign', 'loss'], r'has no place for loss; leave it out of --parts assign:\n  loss .* in strides'),
    ],
)
def test_a_part_that_there_is_not_is_an_error(name: str, parts: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        enable_shipped(name, tmp_path, parts=parts)


def test_what_has_it_already_is_left(tmp_path: Path) -> None:
    first = enable_shipped('Faster R-CNN', tmp_path, parts=['assign']).out
    out = tmp_path / 'more.py'
    enabled = enable(str(first), out, Metric('nwd', 12.8))
    assert {change.part for change in enabled.changes} == {'nms', 'loss'}
    assert [place.reason for place in enabled.left] == ['compares by nwd already'] * 2
    with pytest.raises(ValueError, match='compares by nwd already'):
        enable(str(out), tmp_path / 'third.py', Metric('nwd', 12.8))


@pytest.mark.parametrize(
    ('out', 'metric', 'constant', 'message'),
    [
        ('mine.yml', 'nwd', 'auto', r'mine\.yml must end in \.py'),
        ('there.py', 'nwd', 'auto', r'there\.py exists already; --overwrite replaces it'),
        ('mine.py', 'giou', 8.0, '--constant 8.0: giou has no constant; leave it out'),
        ('mine.py', 'nwd', -1.0, "--constant -1.0 must be a positive number of px, or 'auto'"),
    ],
)
def test_it_refuses(out: str, metric: str, constant: float | str, message: str, tmp_path: Path) -> None:
    (tmp_path / 'there.py').write_text('mine = 1')
    with pytest.raises(ValueError, match=message):
        enable('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py', tmp_path / out, Metric(metric, constant))
    assert (tmp_path / 'there.py').read_text() == 'mine = 1'


def test_the_report_names_every_place(tmp_path: Path) -> None:
    enabled = enable_shipped('TOOD', tmp_path)
    report = enabled.report()
    assert all(change.place in report for change in enabled.changes)
    assert 'loss    model.bbox_head.loss_bbox: TOODHead hands it boxes in strides' in report
    assert report.endswith('C: nwd_constant = 12.8 px')


@pytest.mark.parametrize('name', SHIPPED)
def test_the_table_of_the_page(name: str) -> None:
    row = table_row(name)
    assert row in (ROOT / 'docs/enable.md').read_text().splitlines(), f'docs/enable.md should have\n{row}'


def test_the_example_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    enabled = enable(f'mmdet::{SHIPPED["Cascade R-CNN"][0]}.py', Path('mine.py'), Metric('nwd'))
    page = (ROOT / 'docs/enable.md').read_text()
    assert enabled.report() in page
    block = page.partition('```python\n')[2].partition('```')[0]
    assert ast.dump(ast.parse(block)) == ast.dump(ast.parse(enabled.out.read_text()))
