"""True and false positives and false negatives: by hand, and against COCO's evaluation."""

import numpy as np
import pytest
from coco_data import arrays, draw_data
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from nwd_mmdet.analysis.detection_outcomes import Outcome, outcomes, total_counts


def one_image(*objects: tuple, detections: list[tuple], **thresholds: float) -> Outcome:
    """Objects as (class, box, crowd) and detections as (class, box, score) in one image; boxes as x, y, w, h."""
    dataset = {
        'images': [{'id': 'a'}],
        'categories': [{'id': 1, 'name': 'ship'}, {'id': 2, 'name': 'person'}],
        'annotations': [
            {'image_id': 'a', 'category_id': c, 'bbox': box, 'area': box[2] * box[3], 'iscrowd': crowd}
            for c, box, crowd in objects
        ],
    }
    results = [{'image_id': 'a', 'category_id': c, 'bbox': box, 'score': score} for c, box, score in detections]
    return outcomes(*arrays(dataset, results), **thresholds)['a']


BOX, MOVED = [10, 10, 10, 10], [12, 10, 10, 10]  # IoU 80 / 120


@pytest.mark.parametrize(
    ('objects', 'detections', 'counts'),
    [
        ([(1, BOX, 0)], [(1, MOVED, 0.9)], (1, 0, 0)),
        ([(1, BOX, 0)], [(2, BOX, 0.9)], (0, 1, 1)),  # another class
        ([(1, BOX, 0)], [(1, BOX, 0.2)], (0, 0, 1)),  # not sure enough
        ([(1, BOX, 0)], [(1, BOX, 0.3)], (1, 0, 0)),  # on the threshold
        ([(1, BOX, 0)], [(1, [16, 10, 10, 10], 0.9)], (0, 1, 1)),  # IoU .25
        ([(1, BOX, 0)], [(1, BOX, 0.5), (1, MOVED, 0.9)], (1, 1, 0)),  # twice
        ([(1, BOX, 0), (1, MOVED, 0)], [(1, BOX, 0.5), (1, MOVED, 0.9)], (2, 0, 0)),
        ([(1, BOX, 0), (2, BOX, 0)], [(1, BOX, 0.5), (2, BOX, 0.9)], (2, 0, 0)),
        ([(1, [0, 0, 50, 50], 1)], [(1, BOX, 0.9), (1, MOVED, 0.9), (2, BOX, 0.9)], (0, 1, 0)),  # a crowd of ships
        ([(1, [0, 0, 50, 50], 1), (1, BOX, 0)], [(1, BOX, 0.9), (1, MOVED, 0.9)], (1, 0, 0)),
        ([], [(1, BOX, 0.9)], (0, 1, 0)),
        ([(1, BOX, 0)], [], (0, 0, 1)),
        ([], [], (0, 0, 0)),
    ],
)
def test_outcome_of_an_image(objects: list, detections: list, counts: tuple) -> None:
    assert one_image(*objects, detections=detections).counts == counts


def test_boxes_and_thresholds() -> None:
    both = [(1, MOVED, 0.9), (1, BOX, 0.4)]
    outcome = one_image((1, BOX, 0), detections=both)
    assert outcome.found.tolist() == [[12, 10, 22, 20]]  # the surer one, though the other one fits better
    assert outcome.wrong.tolist() == [[10, 10, 20, 20]]
    assert one_image((1, BOX, 0), detections=both, iou_thr=0.7).found.tolist() == [[10, 10, 20, 20]]
    assert one_image((1, BOX, 0), detections=both, score_thr=0.5, iou_thr=0.7).missed.tolist() == [[10, 10, 20, 20]]


@pytest.mark.parametrize('iou_thr', [0.5, 0.75])
def test_as_many_as_in_coco_evaluation(iou_thr: float) -> None:
    dataset, results = draw_data(seed=0)
    for number, annotation in enumerate(dataset['annotations'], 1):
        annotation['id'] = number  # pycocotools takes an object with the id 0 for unmatched
    ours = outcomes(*arrays(dataset, results), score_thr=0.0, iou_thr=iou_thr)
    coco = COCO()
    coco.dataset = dataset
    coco.createIndex()
    evaluation = COCOeval(coco, coco.loadRes(results), 'bbox')
    evaluation.params.iouThrs = np.array([iou_thr])
    evaluation.params.areaRng, evaluation.params.areaRngLbl, evaluation.params.maxDets = [[0, 1e10]], ['all'], [10000]
    evaluation.evaluate()
    expected = np.zeros(3, int)
    for image in filter(None, evaluation.evalImgs):
        matched, ignored = image['dtMatches'][0] > 0, image['dtIgnore'][0].astype(bool)
        objects = ~np.array(image['gtIgnore'], bool)
        found = (matched & ~ignored).sum()
        expected += found, (~matched & ~ignored).sum(), objects.sum() - found
    assert expected.min() > 10
    assert total_counts(ours.values()) == tuple(expected)


def test_each_image_has_its_own() -> None:
    """Outcomes stand with their image, in descending score, whatever the order of the file."""
    dataset, results = draw_data(seed=1)
    gt, dt = arrays(dataset, results)
    together = outcomes(gt, dt, score_thr=0.0)
    assert list(together) == gt.image_ids
    for position, image_id in enumerate(gt.image_ids):
        alone = outcomes(gt.take(gt.image == position), dt.take(dt.image == position), score_thr=0.0)[image_id]
        for name in ('found', 'wrong', 'missed', 'overlaps'):
            assert getattr(together[image_id], name).tolist() == getattr(alone, name).tolist()
        assert together[image_id].counts == alone.counts and len(alone.overlaps) == len(alone.found)
        assert ((alone.overlaps >= 0.5) & (alone.overlaps <= 1)).all()


def test_of_equally_overlapped_objects_the_last() -> None:
    """As pycocotools: the detection lies half-way between two objects of the same size."""
    outcome = one_image((1, [10, 10, 10, 10], 0), (1, [14, 10, 10, 10], 0), detections=[(1, [12, 10, 10, 10], 0.9)])
    assert outcome.missed.tolist() == [[10, 10, 20, 20]]


def test_nothing_at_all() -> None:
    assert total_counts([]) == (0, 0, 0)
