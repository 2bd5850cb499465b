"""The metrics of a config against the data sets that they evaluate."""

from collections.abc import Iterator
from typing import Any

from mmdet.evaluation import CocoMetric, VOCMetric
from mmdet.registry import METRICS

from nwd_mmdet.datasets.annotation_files import find_annotations
from nwd_mmdet.datasets.checks.classes import labels_of
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.data_sets import DataSet, ReadColumns
from nwd_mmdet.datasets.checks.findings import Check, Fate, Finding, Level, Reader
from nwd_mmdet.datasets.checks.pipelines import has_annotations, packed_keys
from nwd_mmdet.datasets.checks.splits import check_labels
from nwd_mmdet.evaluation.box_metric import BoxMetric
from nwd_mmdet.evaluation.coco_arrays import GroundTruth
from nwd_mmdet.settings import type_name

_AFTER = 'the first evaluation, after an epoch of training, ends with'

NO_TRUTH = Check(
    'metric-without-objects',
    'metrics that get no objects to compare with',
    Fate(Level.ERROR, f'{_AFTER} an error'),
    'set ann_file of the evaluator to the COCO file of the data set; or, for other data sets, '
    "add 'instances' to meta_keys of PackDetInputs in the test pipeline",
)
NO_VOC_TRUTH = Check(
    'metric-without-gt-instances',
    'VOCMetrics whose pipeline loads no boxes',
    Fate(Level.ERROR, f'{_AFTER} an error'),
    "put dict(type='LoadAnnotations', with_bbox=True) before PackDetInputs in the test pipeline",
)
OTHER_FILE = Check(
    'metric-other-images',
    "images whose id or file name the metric's ann_file does not have",
    Fate(Level.ERROR, f'{_AFTER} an error, or compares detections with the objects of other images'),
    'set ann_file of the evaluator to that of its data set',
)
OTHER_LABELS = Check(
    'metric-labels',
    'labels that are another class to the metric than to the data set',
    Fate(Level.ERROR, 'nothing; the AP of these classes is that of mixed-up detections'),
    'list the classes in the order of the file; or use CheckedCocoDataset with AITODMetric, VisDroneMetric or '
    'COCOBoxMetric, which go by names, or CocoDataset with CocoMetric',
)
NO_CROWD = Check(
    'metric-without-iscrowd',
    'annotations without iscrowd, which CocoMetric needs',
    Fate(Level.ERROR, f"{_AFTER} KeyError: 'iscrowd'"),
    "write 'iscrowd': 0, or evaluate with COCOBoxMetric",
)
REFUSES = Check(
    'metric-refuses-file',
    'metrics that cannot read their annotation file',
    Fate(Level.ERROR, 'it ends with this error before the first step'),
    'correct the file as the message says',
)

CHECKS = (NO_TRUTH, NO_VOC_TRUTH, OTHER_FILE, OTHER_LABELS, NO_CROWD, REFUSES)


def check_metric(settings: dict[str, Any], data: DataSet, read: ReadColumns) -> Iterator[Finding]:
    """Whether a metric can evaluate a data set.

    Args:
        settings: Of the metric.
        data: What it evaluates.
        read: Reads an annotation file.

    Raises:
        FileNotFoundError: No annotation file.
    """
    kind = METRICS.get(settings['type']) if isinstance(settings['type'], str) else settings['type']
    name = type_name(settings)
    if kind is not None and issubclass(kind, VOCMetric) and data.steps and not has_annotations(data.steps):
        yield Finding(NO_VOC_TRUTH, data.source, 1, name, NO_VOC_TRUTH.fate)
    if kind is None or not issubclass(kind, (BoxMetric, CocoMetric)):
        return
    path = settings.get('ann_file')
    if path is None:
        if 'instances' not in packed_keys(data.steps):
            yield Finding(NO_TRUTH, data.source, 1, f'{name} without ann_file', NO_TRUTH.fate)
        return
    if settings.get('backend_args') is not None:
        return
    try:
        truth = read(find_annotations(path))
    except ValueError as error:
        yield Finding(REFUSES, str(path), 1, f'{name}: {error}', REFUSES.fate)
        return
    yield from _check_images(truth, data)
    if issubclass(kind, CocoMetric):
        order = labels_of(truth, data.classes, Reader.COCO)
        rows = [row for row, a in enumerate(truth.annotations) if 'iscrowd' not in a]
        yield from truth.finding(NO_CROWD, truth.annotations, rows, 'iscrowd', Reader.CHECKED)
    else:
        order = list(data.classes)
        yield from _check_reading(truth, name)
    for finding in check_labels(data.source, order, data.labels):
        yield Finding(OTHER_LABELS, data.source, finding.count, f'{name}: {finding.first}', OTHER_LABELS.fate)


def _check_images(truth: CocoColumns, data: DataSet) -> Iterator[Finding]:
    """Ids and file names of the data set's images in the file of the metric."""
    if truth is data.columns:
        return
    by_id = {image.get('id'): image.get('file_name') for image in truth.images}
    files = data.columns.images
    same_names = data.reader is Reader.OTHER  # whose file names are paths
    other = [
        image
        for image in files
        if (i := image.get('id')) not in by_id or not (same_names or by_id[i] == image.get('file_name'))
    ]
    if other:
        first = f'image {other[0].get("id")!r}, {other[0].get("file_name")!r}, in {truth.source}'
        yield Finding(OTHER_FILE, data.source, len(other), first, OTHER_FILE.fate)


def _check_reading(truth: CocoColumns, name: str) -> Iterator[Finding]:
    content = {'images': truth.images, 'annotations': truth.annotations, 'categories': truth.categories}
    try:
        GroundTruth.from_coco(content, truth.source)
    except (ValueError, TypeError, KeyError) as error:
        yield Finding(REFUSES, truth.source, 1, f'{name}: {type(error).__name__}: {error}', REFUSES.fate)


def metrics_of(evaluator: Any) -> list[dict[str, Any]]:
    """Settings of the metrics in an evaluator's settings: one, a list, or those of an Evaluator."""
    if isinstance(evaluator, dict) and 'metrics' in evaluator:
        return metrics_of(evaluator['metrics'])
    return [part for part in (evaluator if isinstance(evaluator, (list, tuple)) else [evaluator]) if part]
