"""VisDrone's own evaluation, by hand."""

import json
from pathlib import Path

import pytest
from visdrone_data import write_converted

from nwd_mmdet.evaluation import Detections, GroundTruth, evaluate_json
from nwd_mmdet.evaluation.visdrone_toolkit import evaluate_toolkit, regions_of


def toolkit(objects: list[tuple], detections: list[tuple], regions: list[list[float]] | None = None, images: int = 2):
    """Objects (image, class, box, score); detections (image, class, box, score); regions of image 1."""
    dataset = {
        'images': [{'id': i, 'ignore_regions': (regions or []) if i == 1 else []} for i in range(1, images + 1)],
        'categories': [{'id': c, 'name': f'class {c}'} for c in (1, 2, 3)],
        'annotations': [
            {'id': n, 'image_id': i, 'category_id': c, 'bbox': b, 'area': b[2] * b[3], 'iscrowd': int(not s)}
            for n, (i, c, b, s) in enumerate(objects)
        ],
    }
    gt = GroundTruth.from_coco(dataset, 'gt')
    dt = Detections.from_coco(
        [{'image_id': i, 'category_id': c, 'bbox': b, 'score': s} for i, c, b, s in detections], gt, 'dt'
    )
    return evaluate_toolkit(gt, dt, regions_of(dataset, gt))


BOX, FAR = [10, 10, 10, 10], [100, 100, 10, 10]


def test_toolkit_by_hand() -> None:
    """Class 1: right, wrong, right of 3 objects: recall 1/3 at precision 1, 2/3 at 2/3. Class 2: perfect. 3: none."""
    objects = [(1, 1, BOX, 1), (1, 1, FAR, 1), (2, 1, BOX, 1), (2, 2, FAR, 1)]
    detections = [(1, 1, BOX, 0.9), (1, 1, [50, 50, 10, 10], 0.8), (1, 1, FAR, 0.7), (2, 2, FAR, 0.6)]
    result = toolkit(objects, detections)
    first = 1 / 3 * 1 + 1 / 3 * 2 / 3
    assert result.classwise['class 1']['AP'] == pytest.approx(first)
    assert result.classwise['class 2']['AP_50'] == 1 and result.classwise['class 3']['AP'] is None
    assert result.metrics['AP'] == pytest.approx((first + 1) / 2)
    assert result.metrics['AP_weighted'] == pytest.approx((2 * first + 1) / 3), 'class 1 is in two images'
    assert result.metrics['AR_1'] == pytest.approx((1 / 3 + 1) / 2)
    assert result.metrics['AR_1_weighted'] == pytest.approx((2 * 1 / 3 + 1) / 3)
    assert result.metrics['AR_500'] == pytest.approx((2 / 3 + 1) / 2)


def test_toolkit_counts_the_best_detections_over_all_classes() -> None:
    detections = [(1, 1, BOX, 0.9), (1, 2, FAR, 0.5)]
    assert toolkit([(1, 1, BOX, 1), (1, 2, FAR, 1)], detections).metrics['AR_1'] == 0.5
    crowd = [(1, 1, [i * 20, 0, 10, 10], 0.9) for i in range(500)]
    assert toolkit([(1, 2, FAR, 1)], [*crowd, (1, 2, FAR, 0.5)]).metrics['AP'] == 0


def test_toolkit_drops_what_is_half_inside_ignored_regions() -> None:
    regions = [[0, 0, 15, 100], [0, 0, 15, 50]]  # covers the left half of BOX, once
    result = toolkit([(1, 1, BOX, 1), (2, 1, BOX, 1)], [(1, 1, BOX, 0.9), (2, 1, BOX, 0.8)], regions)
    assert result.counts['annotations'] == 1 and result.counts['detections in ignored regions'] == 1
    assert result.metrics['AP'] == 1
    result = toolkit([(1, 1, BOX, 1)], [(1, 1, BOX, 0.9)], [[0, 0, 14, 100]])
    assert result.counts['annotations'] == 1, 'four tenths are not half'


def test_toolkit_ignores_objects_with_score_0() -> None:
    result = toolkit([(1, 1, BOX, 0), (1, 1, FAR, 1)], [(1, 1, BOX, 0.9), (1, 1, BOX, 0.8), (1, 1, FAR, 0.7)])
    assert result.metrics['AP'] == 1, 'detections on it are neither right nor wrong'


def test_toolkit_without_detections_or_objects() -> None:
    assert toolkit([(1, 1, BOX, 1)], []).metrics['AP'] == 0
    assert set(toolkit([], [(1, 1, BOX, 0.5)]).metrics.values()) == {-1.0}


def test_official_protocol_of_files(tmp_path: Path) -> None:
    gt, dt = write_converted(tmp_path, 'gt.json'), tmp_path / 'dt.json'
    dt.write_text(json.dumps([{'image_id': 2, 'category_id': 4, 'bbox': [5, 5, 9, 9], 'score': 0.9}]))
    result = evaluate_json(gt, dt, 'visdrone-official')
    assert 'AP_weighted' in result.table() and 'AP_75' in result.classwise_table()
    assert result.counts['detections in ignored regions'] == 1 and result.to_json()['protocol'] == 'visdrone-official'
    assert evaluate_json(gt, dt, 'visdrone').counts['detections'] == 1
