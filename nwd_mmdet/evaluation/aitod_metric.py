"""AI-TOD's evaluation as a metric for mmengine's Runner."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.fileio import load
from mmengine.logging import print_log

from nwd_mmdet.datasets.aitod import find_annotations
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.evaluation.coco_evaluation import evaluate
from nwd_mmdet.evaluation.evaluation_result import EvaluationResult
from nwd_mmdet.evaluation.visdrone_toolkit import ToolkitResult


@METRICS.register_module()
class AITODMetric(BaseMetric):
    """AP, AR and oLRP of boxes by AI-TOD's protocol: sizes from very tiny to medium, up to 1,500 detections.

    mmdet's CocoMetric cannot be configured to it: its sizes are fixed, its AP is at 100 detections, its labels follow
    the order of the JSON file. Here labels are matched to classes by name, and results wait as arrays.

    Keys of the metrics: ``AP AP_50 AP_75 AP_vt AP_t AP_s AP_m AR_1 AR_100 AR_1500 AR_vt AR_t AR_s AR_m oLRP oLRP_loc
    oLRP_fp oLRP_fn``, as fractions, -1 where no object is of that size. All images of ``ann_file`` count, whether
    there are results for them or not.

    Args:
        ann_file: COCO annotation file; without it the ground truth is the data samples' ``instances``, for which the
            test pipeline needs LoadAnnotations and ``instances`` in PackDetInputs' ``meta_keys``.
        classwise: Whether to log a table with a row per class.
        format_only: Whether to write the results and compute nothing, for data without annotations.
        outfile_prefix: Results are written to ``{outfile_prefix}.bbox.json`` in COCO's format; None writes nothing.
        backend_args: Storage of ``ann_file``, as in mmengine's file functions.
        collect_device: 'cpu' or 'gpu': how the processes of a distributed run exchange results.
        prefix: First part of the keys; None means the protocol's name.

    Raises:
        ValueError: If ``format_only`` is set without ``outfile_prefix``, or ``ann_file`` is no COCO data set.
    """

    default_prefix = 'aitod'
    protocol = 'aitod'

    def __init__(
        self,
        ann_file: str | None = None,
        classwise: bool = False,
        format_only: bool = False,
        outfile_prefix: str | None = None,
        backend_args: dict | None = None,
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
        self._annotated = None
        if ann_file is not None:
            if backend_args is None:  # a local file of AI-TOD may carry any of its names, as for AITODDataset
                ann_file = str(find_annotations(ann_file))
            self._annotated = GroundTruth.from_coco(load(ann_file, backend_args=backend_args), ann_file)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
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

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
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

    def arrays(self, results: list[dict]) -> tuple[GroundTruth, Detections]:
        """Ground truth and detections of what :meth:`process` kept."""
        assert self.dataset_meta is not None, 'the Evaluator sets dataset_meta before it evaluates'
        gt = self._ground_truth(results)
        return gt, self._detections(results, gt)

    def evaluate_arrays(self, gt: GroundTruth, dt: Detections) -> EvaluationResult | ToolkitResult:
        """Compare detections with the ground truth."""
        return evaluate(gt, dt, self.protocol)

    def metrics_of(self, result: EvaluationResult | ToolkitResult) -> dict[str, float]:
        """The numbers that the log and the visualizer get."""
        return result.metrics

    def _ground_truth(self, results: list[dict]) -> GroundTruth:
        """The objects of the data set's classes; the position of a class is its label."""
        classes = list(self.dataset_meta['classes'])
        if self._annotated is not None:
            return self._annotated.with_classes(classes)
        image_ids = sorted(result['image_id'] for result in results)
        position = {image_id: i for i, image_id in enumerate(image_ids)}
        image = np.repeat([position[r['image_id']] for r in results], [len(r['objects']) for r in results])
        objects = np.concatenate([np.zeros((0, 6)), *(result['objects'] for result in results)])
        boxes = _xyxy_to_xywh(objects[:, :4])
        return GroundTruth(
            image_ids,
            list(range(len(classes))),
            classes,
            image.astype(np.int64),
            objects[:, 4].astype(np.int64),
            boxes,
            boxes[:, 2] * boxes[:, 3],
            objects[:, 5].astype(bool),
        )

    def _detections(self, results: list[dict], gt: GroundTruth) -> Detections:
        position = {image_id: i for i, image_id in enumerate(gt.image_ids)}
        if unknown := [r['image_id'] for r in results if r['image_id'] not in position]:
            raise ValueError(
                f'{len(unknown):,} predicted images, ids {unknown[:5]} …, are not in ann_file={self.ann_file!r}: '
                "the evaluator's ann_file must be that of its data loader's data set"
            )
        image = np.repeat([position[r['image_id']] for r in results], [len(r['scores']) for r in results])
        labels = np.concatenate([np.zeros(0, np.int64), *(result['labels'] for result in results)])
        if len(labels) and labels.max() >= len(gt.category_ids):
            raise ValueError(
                f'label {labels.max()} was predicted but the data set has {len(gt.category_ids)} classes: '
                "set num_classes of the model's heads to that"
            )
        boxes = np.concatenate([np.zeros((0, 4)), *(result['bboxes'] for result in results)])
        scores = np.concatenate([np.zeros(0), *(result['scores'] for result in results)])
        return Detections(image.astype(np.int64), labels, _xyxy_to_xywh(boxes), scores)

    def _write(self, dt: Detections, gt: GroundTruth) -> None:
        path = Path(f'{self.outfile_prefix}.bbox.json')
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = zip(dt.image.tolist(), dt.category.tolist(), dt.boxes.tolist(), dt.scores.tolist())
        with path.open('w') as file:
            json.dump(
                [
                    {'image_id': gt.image_ids[i], 'category_id': gt.category_ids[c], 'bbox': box, 'score': score}
                    for i, c, box, score in rows
                ],
                file,
            )
        print_log(f'Wrote {len(dt):,} detections to {path}', logger='current')


def _xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """Shape [N, 4] float64 in px; corners to corner and size."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
