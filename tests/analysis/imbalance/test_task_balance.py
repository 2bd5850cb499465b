"""Forces of the tasks: by hand on two levels, in a detector, and from a log."""

import json
from pathlib import Path

import pytest
import torch
from detectors import DEMO, batch, build_small

from nwd_mmdet.analysis.imbalance.task_balance import TaskBalance, pace, read_losses, shared_features


def test_two_tasks_by_hand() -> None:
    """The first pulls at the first level only, the second at both; at the first they are opposed."""
    fine, coarse = torch.ones(1, 2, requires_grad=True), torch.full((1, 1), 2.0, requires_grad=True)
    balance = TaskBalance()
    for _ in range(2):
        losses = {'loss_cls': (3 * fine).sum(), 'loss_bbox': [(-fine).sum(), (4 * coarse).sum()], 'acc': coarse.sum()}
        balance.add(losses, (fine, coarse))
    found = balance.as_dict()
    assert found['batches'] == 2
    assert found['loss'] == {'loss_cls': 6, 'loss_bbox': 6}
    assert found['gradient_per_level']['loss_cls'] == pytest.approx([3 * 2**0.5, 0])
    assert found['gradient_per_level']['loss_bbox'] == pytest.approx([2**0.5, 4])
    assert found['gradient'] == pytest.approx({'loss_cls': 18**0.5, 'loss_bbox': 18**0.5})
    ((first, second, cosine),) = found['cosine']
    assert (first, second) == ('loss_cls', 'loss_bbox') and cosine == pytest.approx(-6 / 18)
    assert found['activation_per_level'] == pytest.approx([1, 2])
    json.dumps(found, allow_nan=False)


def test_nothing_added_and_losses_without_a_gradient() -> None:
    balance = TaskBalance()
    assert balance.as_dict()['loss'] == {} and balance.as_dict()['activation_per_level'] == []
    feature = torch.ones(1, 1, requires_grad=True)
    balance.add({'loss_cls': feature.sum(), 'loss_rpn': torch.tensor(0.0)}, (feature,))
    assert balance.as_dict()['loss'] == {'loss_cls': 1, 'loss_rpn': 0} and balance.as_dict()['cosine'] == []


def test_in_a_detector() -> None:
    model = build_small(DEMO)
    data = model.data_preprocessor(batch(2), training=True)
    balance = TaskBalance()
    with shared_features(model) as features:
        losses = model(**data, mode='loss')
    assert len(features) == 1
    balance.add(losses, features[0])
    found = balance.as_dict()
    assert set(found['loss']) == {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox'}
    assert all(value > 0 for value in found['gradient'].values())
    assert all(-1 <= cosine <= 1 for *_, cosine in found['cosine']) and len(found['cosine']) == 6
    assert len(found['activation_per_level']) == len(features[0])


def test_pace_from_a_log(tmp_path: Path) -> None:
    lines = [{'loss': 4.0, 'loss_cls': 3.0, 'loss_bbox': 1.0, 'step': 20}, {'aitod/AP': 0.1, 'step': 1}]
    lines += [{'loss': 2.0, 'loss_cls': 1.5, 'loss_bbox': 0.8, 'step': 40}]
    (tmp_path / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    losses = read_losses(tmp_path / 'scalars.json')
    assert losses == {'loss_cls': [(20, 3.0), (40, 1.5)], 'loss_bbox': [(20, 1.0), (40, 0.8)]}
    assert pace({**losses, 'loss_new': [(20, 0.0)]}) == {
        'loss_cls': [(20, 1.0), (40, 0.5)],
        'loss_bbox': [(20, 1.0), (40, 0.8)],
    }
