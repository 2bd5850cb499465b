"""The examples in the docstrings run, and what users look up has one."""

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import nwd_mmdet
from nwd_mmdet import alpha_iou_losses, assigners, losses, nms, overlap_nms
from nwd_mmdet.overlaps import OVERLAPS, Overlap, aligned, pairwise

MODULES = [name for _, name, _ in pkgutil.walk_packages(nwd_mmdet.__path__, 'nwd_mmdet.') if not name.endswith('__')]


def defined_in(module: ModuleType, kind: type) -> list[type]:
    return [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, kind)]


PUBLIC = {
    **OVERLAPS,
    'Overlap': Overlap,
    'pairwise': pairwise,
    'aligned': aligned,
    'nwd_nms': nms.nwd_nms,
    'batched_nwd_nms': nms.batched_nwd_nms,
    'overlap_nms': overlap_nms.overlap_nms,
    'soft_overlap_nms': overlap_nms.soft_overlap_nms,
    **{loss.__name__: loss for module in (losses, alpha_iou_losses) for loss in defined_in(module, losses.OverlapLoss)},
    **{name: getattr(assigners, name) for name in assigners.__all__},
}


@pytest.mark.parametrize('name', MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize('name', PUBLIC)
def test_overlaps_nms_losses_and_assigners_have_an_example(name: str) -> None:
    assert '>>> ' in (inspect.getdoc(PUBLIC[name]) or '')
