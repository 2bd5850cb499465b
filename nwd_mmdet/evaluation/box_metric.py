"""The evaluation of boxes as a metric for mmengine's Runner, by any protocol and for any set in COCO's format."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.fileio import load
from mmengine.logging import print_log

from nwd_mmdet.datasets.annotation_files import find_annotations, write_json
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth, IntArray, xywh_of
from nwd_mmdet.evaluation.coco_evaluation import evaluate
from nwd_mmdet.evaluation.evaluation_result import EvaluationResult


class BoxMetric(BaseMetric):
    """AP, AR and oLRP of boxes by the protocol that a subclass names.

    mmdet's CocoMetric cannot be configured to protocols other than COCO's: its sizes are fixed, its AP is at 100
    detections, its labels follow the order of the JSON file. Here labels are matched to classes by name, and results
    wait as arrays.

    The metrics are fractions, -1 where no object is of that size. All images of ``ann_file`` count, whether there are
    results for them or not.

    Args:
        ann_file: COCO annotation file; without it the ground truth is the data samples' ``instances``, for which the
            test pipeline needs LoadAnnotations and ``instances`` in PackDetInputs' ``meta_keys``.
        classwise: Whether to log a table with a row per class.
        format_only: Whether to write the results and compute nothing, for data without annotations.
        outfile_prefix: Results are written to ``{outfile_prefix}.bbox.json`` in COCO's format; None writes nothing.
        backend_args: Storage of ``ann_file``, as in mmengine's file functions.
        collect_device: 'cpu' or 'gpu': how the processes of a distributed run exchange results.
        prefix: First part of the keys; None means ``default_prefix``.

    Raises:
        ValueError: If ``format_only`` is set without ``outfile_prefix``, or ``ann_file`` is no COCO data set.
    """

    #: A name in :data:`~nwd_mmdet.evaluation.coco_protocols.PROTOCOLS`.
    protocol: str

    def __init__(
        self,
        ann_file: str | None = None,
        classwise: bool = False,
        format_only: bool = False,
        outfile_prefix: str | None = None,
        backend_args: dict[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if format_only and outfile_prefix is None:
            raise ValueError('format_only=True writes results alone and needs outfile_prefix to say where')
        self.ann_file = ann_file
        self.classwise = classwise
        self.format_only = format_only
        self.outfile_prefix = outfile_prefix
        self._annotated: GroundTruth | None = None
        if ann_file is not None:
            if backend_args is None:  # a local file may carry any of its names, as for the data set
                ann_file = str(find_annotations(ann_file))
            self._annotated = self.read_annotations(load(ann_file, backend_args=backend_args), ann_file)

    def read_annotations(self, dataset: dict[str, Any], source: str) -> GroundTruth:
        """The objects of a COCO data set; a subclass may take more from it."""
        return GroundTruth.from_coco(dataset, source)

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the predictions of a batch, and its ground truth if there is no ``ann_file``."""
        for sample in data_samples:
            predicted = sample['pred_instances']
            result = {
                'image_id': sample['img_id'],
                **{key: predicted[key].detach().cpu().numpy() for key in ('bboxes', 'scores', 'labels')},
            }
            if self._annotated is None:
                if 'instances' not in sample:
                    raise ValueError(
                        f"{type(self).__name__} has no ann_file and the data samples have no 'instances': set ann_file,"
                        " or add LoadAnnotations to the test pipeline and 'instances' to PackDetInputs' meta_keys"
                    )
                result['objects'] = np.array(
                    [[*i['bbox'], i['bbox_label'], i.get('ignore_flag', 0)] for i in sample['instances']], np.float64
                ).reshape(-1, 6)
            self.results.append(result)

    def compute_metrics(self, results: list[dict[str, Any]]) -> dict[str, float]:
        """Evaluate the results of all processes.

        Raises:
            ValueError: If results and annotations do not belong together.
        """
        gt, dt = self.arrays(results)
        if self.outfile_prefix is not None:
            self._write(dt, gt)
        if self.format_only:
            return {}
        if missing := len(gt.image_ids) - len(results):
            print_log(
                f'{missing:,} of {len(gt.image_ids):,} images have no result: their objects count as missed.',
                logger='current',
            )
        result = self.evaluate_arrays(gt, dt)
        if self.classwise:
            print_log('\n' + result.classwise_table(), logger='current')
        print_log('\n' + result.table(), logger='current')
        return self.metrics_of(result)

    def arrays(self, results: list[dict[str, Any]]) -> tuple[GroundTruth, Detections]:
        """Ground truth and detections of what :meth:`process` kept."""
        assert self.dataset_meta is not None, 'the Evaluator sets dataset_meta before it evaluates'
        classes = list(self.dataset_meta['classes'])  # the position of a class is its label
        gt = _objects_of(results, classes) if self._annotated is None else self._annotated.with_classes(classes)
        return gt, self._detections(results, gt)

    def evaluate_arrays(self, gt: GroundTruth, dt: Detections) -> EvaluationResult:
        """Compare detections with the ground truth."""
        return evaluate(gt, dt, self.protocol)

    def metrics_of(self, result: EvaluationResult) -> dict[str, float]:
        """The numbers that the log and the visualizer get."""
        return result.metrics

    def _detections(self, results: list[dict[str, Any]], gt: GroundTruth) -> Detections:
        known = set(gt.image_ids)
        if unknown := [r['image_id'] for r in results if r['image_id'] not in known]:
            raise ValueError(
                f'{len(unknown):,} predicted images, ids {unknown[:5]} …, are not in ann_file={self.ann_file!r}: '
                "the evaluator's ann_file must be that of its data loader's data set"
            )
        labels = np.concatenate([np.zeros(0, np.int64), *(result['labels'] for result in results)])
        if len(labels) and labels.max() >= len(gt.category_ids):
            raise ValueError(
                f'label {labels.max()} was predicted but the data set has {len(gt.category_ids)} classes: '
                "set num_classes of the model's heads to that"
            )
        boxes = np.concatenate([np.zeros((0, 4)), *(result['bboxes'] for result in results)])
        scores = np.concatenate([np.zeros(0), *(result['scores'] for result in results)])
        return Detections(_image_of_each(results, 'scores', gt.image_ids), labels, xywh_of(boxes), scores)

    def _write(self, dt: Detections, gt: GroundTruth) -> None:
        path = Path(f'{self.outfile_prefix}.bbox.json')
        rows = zip(dt.image.tolist(), dt.category.tolist(), dt.boxes.tolist(), dt.scores.tolist())
        entries = [
            {'image_id': gt.image_ids[i], 'category_id': gt.category_ids[c], 'bbox': box, 'score': score}
            for i, c, box, score in rows
        ]
        write_json(entries, path)
        print_log(f'Wrote {len(dt):,} detections to {path}', logger='current')


def _objects_of(results: list[dict[str, Any]], classes: list[str]) -> GroundTruth:
    """The ground truth that came with the data samples."""
    image_ids = sorted(result['image_id'] for result in results)
    objects = np.concatenate([np.zeros((0, 6)), *(result['objects'] for result in results)])
    boxes = xywh_of(objects[:, :4])
    return GroundTruth(
        image_ids,
        list(range(len(classes))),
        classes,
        _image_of_each(results, 'objects', image_ids),
        objects[:, 4].astype(np.int64),
        boxes,
        boxes[:, 2] * boxes[:, 3],
        objects[:, 5].astype(bool),
    )


def _image_of_each(results: list[dict[str, Any]], key: str, image_ids: Sequence[Hashable]) -> IntArray:
    """For every entry of the results' arrays under a key the position of its image."""
    position = {image_id: i for i, image_id in enumerate(image_ids)}
    images = np.array([position[result['image_id']] for result in results], np.int64)
    return np.repeat(images, np.array([len(result[key]) for result in results], np.int64))
