"""Measured detectors: what stands in the report's JSON."""

import dataclasses

import pytest

from nwd_mmdet.analysis.imbalance.detectors import Detector, MeasuredDetector

DATA = {'images': 6, 'objects': 20}


def test_parts_are_added_to_a_copy() -> None:
    first = MeasuredDetector(**vars(Detector('x', 'x.py', 'x.pth')), data=DATA)
    second = first.with_part('batches', None).with_part('priors', {'images': 2}).with_part('priors', {'images': 4})
    assert first.as_dict() == {
        'label': 'x',
        'config': 'x.py',
        'checkpoint': 'x.pth',
        'data': DATA,
        'images': 6,
        'objects': 20,
        'looked_at': 0,
    }
    assert second.as_dict() == {**first.as_dict(), 'looked_at': 4, 'batches': None, 'priors': {'images': 4}}
    assert second.with_part('trained', {'images': 3}).looked_at == 3
    with pytest.raises(TypeError):
        first.with_part('unknown', {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.data = {}  # type: ignore[misc]


def test_priors_that_are_not_known_are_not_looked_at() -> None:
    assert MeasuredDetector('x', 'x.py', None, DATA).with_part('priors', {'absent': 'why'}).looked_at == 0
