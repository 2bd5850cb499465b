import importlib.util
import sys

import pytest


@pytest.fixture(scope='module')
def benchmark(root):
    sys.path.insert(0, str(root / 'tools'))  # as when it runs as a script
    spec = importlib.util.spec_from_file_location('benchmark', root / 'tools' / 'benchmark.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table(benchmark, monkeypatch, tmp_path, capsys) -> None:
    out = tmp_path / 'performance.md'
    monkeypatch.setattr(sys, 'argv', ['benchmark.py', '--only', 'loss', '--out', str(out)])
    benchmark.main()
    printed = capsys.readouterr().out
    assert '| NWDLoss forward + backward, 20,000 pairs | published formula |' in printed
    assert '| NWDLoss' in out.read_text() and 'torch 2.' in out.read_text()


def test_the_baseline_is_the_same_assignment(benchmark) -> None:
    """A ratio against something that computes something else would mean nothing."""
    import torch

    torch.manual_seed(0)
    (row,) = benchmark.assigner_rows('cpu', objects=40)
    published, ours = row.baseline(), row.ours()
    assert (published.gt_inds != ours.gt_inds).float().mean() < 1e-4  # 1e-6 inside the published root
    assert (ours.gt_inds > 0).sum() > 40


def test_the_dense_baseline_is_the_same_loss(benchmark) -> None:
    import torch

    torch.manual_seed(0)
    (row,) = benchmark.dual_weighting_rows('cpu', sizes=(300,))
    values = []
    original = torch.Tensor.backward
    torch.Tensor.backward = lambda self, *args, **kwargs: (values.append(self.item()), original(self))[1]
    try:
        row.baseline()
        row.ours()
    finally:
        torch.Tensor.backward = original
    assert values[0] == pytest.approx(values[1], rel=1e-4)
