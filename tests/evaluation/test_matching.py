"""The one matcher: COCO's rule, loop by loop and by pycocotools itself."""

import numpy as np
import pytest
from coco_data import arrays, draw_data, pycocotools_oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask

from nwd_mmdet.evaluation import Detections, GroundTruth
from nwd_mmdet.evaluation.matching import IGNORED, UNMATCHED, match_greedily

IMAGES = 4  # the last has neither objects nor detections


def match_by_loop(gt: GroundTruth, dt: Detections, threshold: float) -> tuple[list[float], list[int]]:
    """COCOeval.evaluateImg: the matched IoU (0 none, -1 crowd) and the row of the object of each detection."""
    found_iou, found_row = [UNMATCHED] * len(dt), [-1] * len(dt)
    for image in range(IMAGES):
        rows = sorted(np.flatnonzero(gt.image == image).tolist(), key=lambda row: gt.crowd[row])
        taken: set[int] = set()
        for d in np.flatnonzero(dt.image == image).tolist():
            best, match = min(threshold, 1 - 1e-10), -1
            for g in rows:
                if g in taken and not gt.crowd[g]:
                    continue
                if match > -1 and not gt.crowd[match] and gt.crowd[g]:
                    break
                iou = mask.iou(dt.boxes[d : d + 1], gt.boxes[g : g + 1], [int(gt.crowd[g])])[0, 0]
                if iou < best:
                    continue
                best, match = iou, g
            if match > -1:
                taken.add(match)
                found_iou[d], found_row[d] = (IGNORED if gt.crowd[match] else best), match
    return found_iou, found_row


# Few places and sizes, so that boxes and IoUs coincide; sides of 0 px are legal.
BOX = st.tuples(*[st.integers(0, 4).map(float)] * 2, *[st.integers(0, 6).map(float)] * 2)
OBJECTS = st.lists(st.tuples(st.integers(0, IMAGES - 2), BOX, st.booleans()), max_size=10)
DETECTIONS = st.lists(st.tuples(st.integers(0, IMAGES - 2), BOX), max_size=12)


def ground_truth(objects: list[tuple[int, tuple, bool]]) -> GroundTruth:
    image, boxes, crowd = zip(*objects) if objects else ((), (), ())
    boxes = np.array(boxes, float).reshape(-1, 4)
    category = np.zeros(len(boxes), np.int64)
    return GroundTruth(
        list(range(IMAGES)),
        [1],
        ['ship'],
        np.array(image, np.int64),
        category,
        boxes,
        boxes[:, 2],
        np.array(crowd, bool),
    )


def detections(found: list[tuple[int, tuple]]) -> Detections:
    """By image, in the order given, which is that of the scores."""
    found = sorted(found, key=lambda pair: pair[0])
    image = np.array([number for number, _ in found], np.int64)
    boxes = np.array([box for _, box in found], float).reshape(-1, 4)
    return Detections(image, np.zeros(len(found), np.int64), boxes, np.linspace(1, 0, len(found)))


@given(OBJECTS, DETECTIONS, st.sampled_from([0.1, 1 / 3, 0.5, 0.95]))
@settings(deadline=None, max_examples=300)
def test_equals_the_loop_of_pycocotools(objects: list, found: list, threshold: float) -> None:
    gt, dt = ground_truth(objects), detections(found)
    matches = match_greedily(gt, dt, threshold)
    assert (matches.iou.tolist(), matches.gt.tolist()) == match_by_loop(gt, dt, threshold)


@pytest.mark.parametrize('seed', range(4))
def test_equals_pycocotools(seed: int) -> None:
    dataset, results = draw_data(seed)
    gt, dt = arrays(dataset, results)
    oracle = pycocotools_oracle(dataset, results, max_dets=(1500,))
    expected = {}  # detection → object, 0 for none
    for image in oracle.evalImgs:
        if image is not None and image['aRng'] == [0, 1e10]:
            expected |= dict(zip(image['dtIds'], image['dtMatches'][0].astype(int).tolist()))
    ids = {(a['image_id'], a['category_id'], *a['bbox']): a['id'] + 1 for a in dataset['annotations']}
    assert len(ids) == len(dataset['annotations']), 'no two annotations alike, so that a box names one'
    for category, category_id in enumerate(gt.category_ids):
        objects = gt.take(gt.category == category)
        rows = np.flatnonzero(dt.category == category)
        rows = rows[np.lexsort((-dt.scores[rows], dt.image[rows]))]
        matches = match_greedily(objects, dt.take(rows), 0.5)
        for row, match, iou in zip(rows, matches.gt, matches.iou):
            key = match >= 0 and (gt.image_ids[objects.image[match]], category_id, *objects.boxes[match])
            assert expected[row + 1] == (ids[key] if key else 0)
            assert (iou == UNMATCHED) == (match < 0) and (iou == IGNORED) == bool(match >= 0 and objects.crowd[match])


def test_by_hand() -> None:
    whole, half = (0.0, 0.0, 10.0, 10.0), (0.0, 0.0, 10.0, 5.0)
    gt = ground_truth([(0, (0.0, 0.0, 30.0, 30.0), True), (0, whole, False), (1, whole, False)])
    dt = detections([(0, half), (0, whole), (0, half), (1, (50.0, 0.0, 1.0, 1.0)), (2, whole)])
    matches = match_greedily(gt, dt, 0.5)
    assert matches.iou.tolist() == [0.5, IGNORED, IGNORED, UNMATCHED, UNMATCHED]  # the crowd stays free for others
    assert matches.gt.tolist() == [1, 0, 0, -1, -1]


def test_of_equal_overlaps_the_last_object_is_taken() -> None:
    box = (0.0, 0.0, 4.0, 4.0)
    matches = match_greedily(ground_truth([(0, box, False)] * 3), detections([(0, box)] * 4), 0.5)
    assert matches.gt.tolist() == [2, 1, 0, -1] and matches.iou.tolist() == [1, 1, 1, 0]


def test_nothing_to_match() -> None:
    box = (0.0, 0.0, 4.0, 4.0)
    empty = match_greedily(ground_truth([(0, box, False)]), detections([]), 0.5)
    assert empty.iou.shape == empty.gt.shape == (0,)
    alone = match_greedily(ground_truth([]), detections([(0, box)]), 0.5)
    assert alone.iou.tolist() == [UNMATCHED] and alone.gt.tolist() == [-1]
