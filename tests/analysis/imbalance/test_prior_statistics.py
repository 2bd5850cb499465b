"""Sums over priors, by hand on a small image."""

import json

import pytest
import torch

from nwd_mmdet.analysis.imbalance.prior_samples import IGNORED, NEGATIVE, PriorSamples
from nwd_mmdet.analysis.imbalance.prior_statistics import PriorStatistics
from nwd_mmdet.datasets.input_boxes import ImageBoxes
from nwd_mmdet.overlaps import aligned

BOXES = torch.tensor([[0.0, 0, 6, 6], [32, 32, 52, 52], [60, 4, 64, 8]])  # very tiny, small, very tiny
IMAGE = ImageBoxes((64, 64), BOXES, torch.tensor([1, 0, 1]), torch.tensor([6.0, 20, 4]), torch.zeros(0, 4))
PRIORS = torch.tensor(
    [[0.0, 0, 8, 8], [32, 32, 52, 52], [42, 32, 62, 52], [8, 8, 16, 16], [16, 16, 24, 24], [0, 0, 64, 64]]
)
SAMPLES = PriorSamples(
    PRIORS,
    torch.tensor([0, 1, 1, 0, 0, 2]),
    torch.tensor([0, 1, 1, NEGATIVE, NEGATIVE, IGNORED]),
    torch.tensor([True, True, False, True, False, False]),
)


@pytest.fixture
def found() -> dict:
    statistics = PriorStatistics(levels=3, classes=2, constant=10.0)
    for _ in range(2):
        statistics.add(SAMPLES, IMAGE)
    return statistics.as_dict()


def test_states_and_levels(found: dict) -> None:
    """Per image; the third positive and one negative are not sampled."""
    assert found['images'] == 2
    assert found['before'] == {'positive': [1, 2, 0], 'negative': [2, 0, 0], 'ignored': [0, 0, 1]}
    assert found['after'] == {'positive': [1, 1, 0], 'negative': [1, 0, 0], 'ignored': [0, 0, 0]}
    assert found['objects_per_level'] == [2, 2, 0]
    json.dumps(found, allow_nan=False)


def test_objects(found: dict) -> None:
    assert found['positives_per_class'] == [4, 2]
    assert found['sizes']['vt'] == {'objects': 4, 'positives': 2, 'without': 2}
    assert found['sizes']['s'] == {'objects': 2, 'positives': 4, 'without': 0}


def test_overlaps_and_places(found: dict) -> None:
    """IoUs of 36 / 64, 1 and 1 / 3; the third prior lies half a width to the right of its object."""
    counts = found['overlaps']['iou']['counts']
    assert {index: count for index, count in enumerate(counts) if count} == {6: 2, 11: 2, 19: 2}
    nwd = aligned('nwd', PRIORS[:3], BOXES[[0, 1, 1]], constant=10.0)
    expected = torch.histc(nwd, 20, 0, 1) * 2
    assert found['overlaps']['nwd']['counts'] == expected.tolist()
    relative = torch.tensor(found['relative']['counts'])
    assert relative.sum() == 6 and relative[20].sum() == 4  # the first prior is off by 1 / 6 along both axes
    assert relative[20, 30] == 2 and relative[20, 20] == 2 and relative[23, 23] == 2
    assert torch.tensor(found['places']['counts']).sum() == 6


def test_coverage() -> None:
    """One trained box over a quarter of the image: four times the mean there, nothing elsewhere."""
    statistics = PriorStatistics(levels=1, classes=2)
    quarter = PriorSamples(
        torch.tensor([[0.0, 0, 32, 32]]), torch.tensor([0]), torch.tensor([NEGATIVE]), torch.tensor([True])
    )
    statistics.add(quarter, IMAGE)
    coverage = statistics.as_dict()['coverage']
    assert coverage['counts'][0] == 64 * 64 * 3 / 4 and coverage['counts'][16] == 64 * 64 / 4


def test_no_image() -> None:
    found = PriorStatistics(levels=2, classes=1).as_dict()
    assert found['images'] == 0 and found['before']['positive'] == [0, 0]
    json.dumps(found, allow_nan=False)
