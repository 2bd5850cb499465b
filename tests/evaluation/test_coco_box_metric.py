"""COCOBoxMetric: the columns of the Alpha-IoU paper, against pycocotools."""

import numpy as np
import pytest
from coco_data import draw_data, run_metric, samples, write
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from nwd_mmdet.evaluation import COCOBoxMetric


def test_ap_at_every_threshold(tmp_path, capsys):
    dataset, results = draw_data(4)
    ann_file = write(tmp_path / 'gt.json', dataset)
    metrics = run_metric(COCOBoxMetric(ann_file), samples(dataset, results))

    gt = COCO(ann_file)
    evaluation = COCOeval(gt, gt.loadRes(results), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval['precision'][..., 0, -1].reshape(10, -1)
    expected = {f'coco/AP_{50 + 5 * step}': values[values > -1].mean() for step, values in enumerate(precision)}
    tight = list(expected.values())[5:]
    assert {key: metrics[key] for key in expected} == pytest.approx(expected)
    assert metrics['coco/AP_75_95'] == pytest.approx(np.mean(tight))
    assert metrics['coco/AP'] == pytest.approx(np.mean(list(expected.values())))
