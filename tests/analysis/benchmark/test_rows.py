"""A ratio against something that computes something else would mean nothing."""

import pytest
import torch

from nwd_mmdet import hooks
from nwd_mmdet.analysis.benchmark.rows import assigner_rows, dual_weighting_rows, hook_rows, loss_rows


def test_the_baseline_is_the_same_assignment() -> None:
    torch.manual_seed(0)
    (row,) = assigner_rows('cpu', objects=40)
    published, ours = row.baseline(), row.ours()
    assert (published.gt_inds != ours.gt_inds).float().mean() < 1e-4  # 1e-6 inside the published root
    assert (ours.gt_inds > 0).sum() > 40


@pytest.mark.parametrize('make', [loss_rows, lambda device: dual_weighting_rows(device, counts=(300,))])
def test_the_baseline_is_the_same_loss(make, monkeypatch) -> None:
    torch.manual_seed(0)
    (row,) = make('cpu')
    values = []
    original = torch.Tensor.backward
    monkeypatch.setattr(torch.Tensor, 'backward', lambda self: (values.append(self.item()), original(self))[1])
    row.baseline()
    row.ours()
    assert values[0] == pytest.approx(values[1], rel=1e-4)


def test_the_hook_records_each_step(monkeypatch) -> None:
    records = []
    original = hooks.sample_scalars
    monkeypatch.setattr(hooks, 'sample_scalars', lambda *args: records.append(original(*args)))
    (row,) = hook_rows('cpu')
    row.baseline()
    assert not records
    row.ours()
    row.ours()
    assert [any(name.endswith('positives') for name in record) for record in records] == [True, True]
