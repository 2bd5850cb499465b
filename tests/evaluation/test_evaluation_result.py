"""Numbers from the curves of each class, as JSON and as tables."""

import json

import numpy as np
import pytest

from nwd_mmdet.evaluation.evaluation_result import COCOResult, EvaluationResult


@pytest.fixture
def result() -> COCOResult:
    """Two classes with COCO's sizes: ships are found alike at every recall, buoys do not occur."""
    precision, recall = np.full((10, 101, 2, 4, 3), -1.0), np.full((10, 2, 4, 3), -1.0)
    precision[:, :, 0, :2] = np.linspace(0.9, 0, 10)[:, None, None, None]
    recall[:, 0, :2] = [0.2, 0.4, 0.6]
    lrp = np.array([[0.5, 0.1, np.nan, 0.4, 0.7], [np.nan] * 5])
    return COCOResult.from_arrays('coco', ['ship', 'buoy'], {'images': 1}, precision, recall, lrp)


def test_numbers_are_means_over_what_is_defined(result: COCOResult) -> None:
    expected = {'AP': 0.45, 'AP_50': 0.9, 'AP_75': 0.4, 'AP_s': 0.45, 'AP_m': -1, 'AR_1': 0.2, 'AR_100': 0.6}
    assert {key: result.metrics[key] for key in expected} == pytest.approx(expected)
    assert result.metrics['oLRP'] == 0.5 and result.metrics['oLRP_fp'] == -1
    assert list(result.by_iou) == [*(f'AP_{number}' for number in range(50, 100, 5)), 'AP_75_95']
    assert result.by_iou['AP_95'] == 0 and result.ap_75_95 == pytest.approx(0.2)
    ship, buoy = result.classwise['ship'], result.classwise['buoy']
    assert ship['AP'] == pytest.approx(0.45) and ship['oLRP_threshold'] == 0.7 and ship['oLRP_fp'] is None
    assert set(buoy.values()) == {None}


def test_json_has_everything_and_no_nan(result: COCOResult) -> None:
    written = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert list(written)[: len(result.metrics)] == list(result.metrics)
    rest = ['AP_75_95', 'AP_per_iou', 'classwise', 'protocol', 'max_dets', 'counts']
    assert list(written)[len(result.metrics) :] == rest
    assert written['protocol'] == 'coco' and written['max_dets'] == [1, 10, 100] and len(written['AP_per_iou']) == 10


def test_tables(result: COCOResult) -> None:
    assert 'coco, 100 detections' in result.table() and '0.450' in result.table() and 'AP_95' in result.table()
    header, ship, buoy = (line for line in result.classwise_table().splitlines() if line.startswith('| '))
    cells = [cell.strip() for cell in header.split('|')[1:-1]]
    assert cells == ['class', 'AP', 'AP_50', 'AP_75', 'AP_s', 'AP_m', 'AP_l', 'oLRP']
    assert '0.450' in ship and buoy.count('-') == 7


def test_a_result_of_another_protocol() -> None:
    result = EvaluationResult('mine', (1, 5), {'AP': 0.5, 'AR_5': -1}, {'ship': {'AP': 0.5}, 'buoy': {'AP': None}}, {})
    assert '| AP   | 0.500 |' in result.table() and '| AR_5 | -     |' in result.table()
    assert '| buoy  | -     |' in result.classwise_table()
    assert result.to_json() == {
        **{'AP': 0.5, 'AR_5': -1, 'classwise': result.classwise},
        **{'protocol': 'mine', 'max_dets': [1, 5], 'counts': {}},
    }
    assert EvaluationResult('mine', (5,), {}, {}, {}).classwise_table()
