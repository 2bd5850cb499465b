"""AITODMetric: its keys, and its annotation file under another name."""

from coco_data import draw_data, run_metric, samples, write
from mmdet.registry import METRICS

KEYS = 'AP AP_50 AP_75 AP_vt AP_t AP_s AP_m AR_1 AR_100 AR_1500 AR_vt AR_t AR_s AR_m oLRP oLRP_loc oLRP_fp oLRP_fn'


def test_keys(tmp_path):
    dataset, results = draw_data(2)
    write(tmp_path / 'small_test_v2_2.0.json', dataset)
    metric = METRICS.build(dict(type='AITODMetric', ann_file=str(tmp_path / 'aitodv2_test.json')))
    found = run_metric(metric, samples(dataset, results))
    assert list(found) == [f'aitod/{key}' for key in KEYS.split()]
    metric = METRICS.build(dict(type='AITODMetric', ann_file=metric.ann_file, prefix='mine'))
    assert 'mine/AP' in run_metric(metric, samples(dataset, results))
