import json
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


@pytest.fixture
def two_ships(tmp_path: Path) -> Path:
    """Annotations of ships of 4 and 6 px, and of no person, in an image of 100 × 100 px."""
    content = {
        'images': [{'id': 1, 'file_name': 'a.png', 'width': 100, 'height': 100}],
        'categories': [{'id': 1, 'name': 'ship'}, {'id': 2, 'name': 'person'}],
        'annotations': [
            {'id': side, 'image_id': 1, 'category_id': 1, 'bbox': [9, 9, side, side], 'area': side**2, 'iscrowd': 0}
            for side in (4, 6)
        ],
    }
    path = tmp_path / 'annotations.json'
    path.write_text(json.dumps(content))
    return path
