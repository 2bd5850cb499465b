from pathlib import Path

import pytest

import nwd_mmdet  # noqa: F401  before any test imports mmdet.models, whose operators it may have to serve

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope='session')
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope='session')
def shared() -> Path:
    """Reference outputs and real data that lie beside the checkout on some machines; skips elsewhere."""
    path = ROOT.parent / 'shared'
    if not (path / 'golden').is_dir():
        pytest.skip('no reference data beside the checkout')
    return path
