"""COCO-style evaluation of arrays and of JSON files.

AP and AR come from faster-coco-eval where it can be imported, else from pycocotools, the reference; both give the same
numbers. oLRP comes from :mod:`nwd_mmdet.evaluation.lrp`. Every AP is at the protocol's largest number of detections:
the summary that pycocotools prints has AP at 100 detections hard-wired, which understates crowded images.
"""

import contextlib
import gc
import io
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray
from tqdm import tqdm

from nwd_mmdet.datasets.annotation_files import read_json
from nwd_mmdet.evaluation import visdrone_toolkit
from nwd_mmdet.evaluation.coco_arrays import Detections, FloatArray, GroundTruth, IntArray
from nwd_mmdet.evaluation.coco_protocols import (
    IOU_THRESHOLDS,
    NO_LIMIT,
    PROTOCOLS,
    RECALL_THRESHOLDS,
    Protocol,
    get_protocol,
)
from nwd_mmdet.evaluation.evaluation_result import COCOResult, EvaluationResult
from nwd_mmdet.evaluation.lrp import OptimalLRP, optimal_lrp

#: What detections in files can be evaluated by.
JSON_PROTOCOLS = (*sorted(PROTOCOLS), visdrone_toolkit.PROTOCOL)

_LOG_EVERY = 10  # seconds between lines of progress


def evaluate(gt: GroundTruth, dt: Detections, protocol: str = 'aitod', backend: str | None = None) -> COCOResult:
    """Compare detections with the ground truth.

    The classes are independent of each other and are evaluated one after the other, which keeps the backend's memory
    to that of the largest class. Objects of images without detections are missed, detections on images without objects
    are false; a class without objects is left out of the means.

    Args:
        gt: The objects.
        dt: The detections.
        protocol: A name in :data:`~nwd_mmdet.evaluation.coco_protocols.PROTOCOLS`.
        backend: 'faster_coco_eval' or 'pycocotools'; None takes the first that can be imported.

    Raises:
        ValueError: If the protocol or the backend is unknown.
        ImportError: If the backend asked for is not installed.
    """
    rules = get_protocol(protocol)
    backend = backend or default_backend()
    counts = {'images': len(gt.image_ids), 'annotations': len(gt), 'detections': len(dt)}
    print_log(
        f'Evaluating {len(dt):,} detections against {len(gt):,} objects of {len(gt.category_ids)} classes in '
        f'{len(gt.image_ids):,} images, protocol {protocol}, with {backend} …',
        logger='current',
    )
    if not len(dt):
        print_log('There is not a single detection: every AP and AR is 0, oLRP is 1.', logger='current')
    start = last_line = time.perf_counter()
    shape = (len(gt.category_ids), len(rules.sizes) + 1, len(rules.max_dets))
    precision = np.full((len(IOU_THRESHOLDS), len(RECALL_THRESHOLDS), *shape), -1.0)
    recall = np.full((len(IOU_THRESHOLDS), *shape), -1.0)
    lrp = np.full((len(gt.category_ids), len(OptimalLRP._fields)), np.nan)
    with tqdm(total=len(dt), desc='Evaluating', unit=' boxes', unit_scale=True, leave=False, disable=None) as progress:
        for category in range(len(gt.category_ids)):
            objects = gt.take(gt.category == category)
            found = dt.take(dt.category == category).best_per_image(rules.max_dets[-1])
            if not objects.crowd.all():  # true also of no objects
                precision[:, :, category], recall[:, category] = _precision_recall(objects, found, rules, backend)
                lrp[category] = optimal_lrp(objects, found, IOU_THRESHOLDS[0])
            progress.update(np.count_nonzero(dt.category == category))
            if time.perf_counter() - last_line > _LOG_EVERY:  # where output is no terminal, tqdm is silent
                last_line = time.perf_counter()
                done = f'{category + 1} of {len(gt.category_ids)} classes, {progress.n:,} of {len(dt):,} detections'
                print_log(f'Evaluated {done} in {last_line - start:.0f} s …', logger='current')
    print_log(f'Evaluated in {time.perf_counter() - start:.1f} s.', logger='current')
    return COCOResult.from_arrays(protocol, gt.category_names, counts, precision, recall, lrp)


def evaluate_json(gt_path: str | Path, dt_path: str | Path, protocol: str = 'aitod') -> EvaluationResult:
    """Compare a file of COCO detections with a COCO annotation file.

    Args:
        gt_path: Annotations.
        dt_path: Detections.
        protocol: One of :data:`JSON_PROTOCOLS`.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file is not what it should be, or they do not belong together; the message names the file.
    """
    dataset = read_json(gt_path)
    gt = GroundTruth.from_coco(dataset, str(gt_path))
    dt = Detections.from_coco(read_json(dt_path), gt, str(dt_path))
    if protocol == visdrone_toolkit.PROTOCOL:
        return visdrone_toolkit.evaluate_toolkit(gt, dt, visdrone_toolkit.regions_of(dataset, gt))
    return evaluate(gt, dt, protocol)


def default_backend() -> str:
    """'faster_coco_eval' where it can be imported, else 'pycocotools', which takes some 20 times longer."""
    try:
        import faster_coco_eval  # noqa: F401
    except ImportError:
        return 'pycocotools'
    return 'faster_coco_eval'


def _precision_recall(gt: GroundTruth, dt: Detections, rules: Protocol, backend: str) -> tuple[FloatArray, FloatArray]:
    """Precision [T, R, A, M] and recall [T, A, M] of one class; T IoUs, R recalls, A sizes (0 is all), M max_dets."""
    make_api, make_evaluation = _load_backend(backend)
    images = [{'id': image} for image in np.union1d(gt.image, dt.image).tolist()]
    with contextlib.redirect_stdout(io.StringIO()), _garbage_collection_paused():  # pycocotools prints what it does
        truth, found = make_api(), make_api()
        truth.dataset = _coco_dataset(images, gt.image, gt.boxes, area=gt.areas, iscrowd=gt.crowd.astype(int))
        areas, no_crowd = dt.boxes[:, 2] * dt.boxes[:, 3], np.zeros(len(dt), int)
        found.dataset = _coco_dataset(images, dt.image, dt.boxes, area=areas, iscrowd=no_crowd, score=dt.scores)
        truth.createIndex()
        found.createIndex()
        evaluation = make_evaluation(truth, found, 'bbox')
        evaluation.params.iouThrs = IOU_THRESHOLDS
        evaluation.params.recThrs = RECALL_THRESHOLDS
        evaluation.params.areaRng = [[0, NO_LIMIT], *(list(limits) for limits in rules.sizes.values())]
        evaluation.params.areaRngLbl = ['all', *rules.sizes]
        evaluation.params.maxDets = list(rules.max_dets)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval['precision'][:, :, 0], evaluation.eval['recall'][:, 0]


def _coco_dataset(images: list[Any], image: IntArray, boxes: FloatArray, **columns: NDArray[Any]) -> dict[str, Any]:
    """A COCO data set of one class. Its ids start at 1: both backends take a match with id 0 for none."""
    keys = ('id', 'image_id', 'category_id', 'bbox', *columns)
    ids, ones = range(1, len(boxes) + 1), repeat(1, len(boxes))
    rows = zip(ids, image.tolist(), ones, boxes.tolist(), *(c.tolist() for c in columns.values()))
    annotations = [dict(zip(keys, row)) for row in rows]
    return {'images': images, 'annotations': annotations, 'categories': [{'id': 1, 'name': 'object'}]}


@contextlib.contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Every new dictionary brings the next full collection nearer: they took a third of the time and found nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load_backend(backend: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The classes of a backend: COCO data set, evaluation."""
    if backend == 'faster_coco_eval':
        from faster_coco_eval import COCO, COCOeval_faster

        return COCO, COCOeval_faster
    if backend == 'pycocotools':
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        return COCO, COCOeval
    raise ValueError(f"backend={backend!r} is unknown; choose 'faster_coco_eval', 'pycocotools' or None")
