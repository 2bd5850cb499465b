"""AI-TOD's, VisDrone's and COCO's protocols with both backends, against the authors' evaluators and pycocotools."""

import json
import sys

import pytest
from coco_data import arrays, draw_data, numbers, pycocotools_oracle

from nwd_mmdet.evaluation import evaluate, evaluate_json
from nwd_mmdet.evaluation.coco_evaluation import default_backend

AITOD_KEYS = (
    'AP AP_50 AP_75 AP_vt AP_t AP_s AP_m AR_1 AR_100 AR_1500 AR_vt AR_t AR_s AR_m oLRP oLRP_loc oLRP_fp oLRP_fn'
).split()


def test_equals_the_ai_tod_authors_evaluator(shared):
    expected = json.loads((shared / 'golden/aitod_eval_expected.json').read_text())
    result = evaluate_json(shared / 'golden/aitod_eval_gt.json', shared / 'golden/aitod_eval_dt.json', 'aitod')
    renamed = {'oLRP_Loc': 'oLRP_loc', 'oLRP_FP': 'oLRP_fp', 'oLRP_FN': 'oLRP_fn'}
    overall = {renamed.get(key, key.replace('@', '_')): value for key, value in expected['aitod'].items()}
    del overall['AP_25']  # IoU .25 is not among the thresholds; the authors' table has -1
    assert result.metrics == pytest.approx(overall, abs=1e-9)
    assert list(result.metrics) == AITOD_KEYS
    assert result.ap_per_iou == pytest.approx(expected['AP_per_iou'], abs=1e-9)
    assert result.ap_75_95 == pytest.approx(expected['AP_75_95'], abs=1e-9)
    names = {'AP': 'aitod_classwise_AP', 'oLRP': 'aitod_classwise_oLRP', 'oLRP_threshold': 'lrp_optimal_threshold'}
    for key, name in names.items():
        values = {class_name: metrics[key] for class_name, metrics in result.classwise.items()}
        assert values.pop('wind-mill') is None and expected[name].pop('wind-mill') is None
        assert values == pytest.approx(expected[name], abs=1e-9)


def test_equals_coco_on_its_own_example(shared):
    files = [shared / f'real/eval/fakebbox100_{kind}.json' for kind in ('gt', 'dt')]
    metrics = evaluate_json(*files, 'coco').metrics
    assert list(metrics)[:12] == 'AP AP_50 AP_75 AP_s AP_m AP_l AR_1 AR_10 AR_100 AR_s AR_m AR_l'.split()
    published = {'AP': 0.5045806987, 'AP_50': 0.6969727247, 'AP_75': 0.5729816670}
    assert {key: metrics[key] for key in published} == pytest.approx(published, abs=1e-10)


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('protocol', ['aitod', 'coco'])
def test_backends_agree(seed, protocol):
    gt, dt = arrays(*draw_data(seed))
    fast, reference = (evaluate(gt, dt, protocol, backend) for backend in ('faster_coco_eval', 'pycocotools'))
    assert numbers(fast) == pytest.approx(numbers(reference), abs=1e-9)


@pytest.mark.parametrize('seed', range(6))
def test_equals_plain_pycocotools(seed):
    dataset, results = draw_data(seed)
    result = evaluate(*arrays(dataset, results))
    oracle = pycocotools_oracle(dataset, results)
    precision, recall = oracle.eval['precision'], oracle.eval['recall']
    for key, values in {
        'AP': precision[:, :, :, 0, -1],
        'AP_t': precision[:, :, :, 2, -1],
        'AR_1': recall[:, :, 0, 0],
        'AR_m': recall[:, :, 4, -1],
    }.items():
        assert result.metrics[key] == pytest.approx(values[values > -1].mean(), abs=1e-12)


def test_ap_counts_all_detections_up_to_the_largest_maximum():
    boxes = [[12 * (i % 20), 12 * (i // 20), 8, 8] for i in range(200)]
    entry = {'image_id': 1, 'category_id': 1}
    dataset = {
        'images': [{'id': 1}],
        'categories': [{'id': 1, 'name': 'ship'}],
        'annotations': [{**entry, 'bbox': box, 'area': 64, 'iscrowd': 0} for box in boxes],
    }
    gt, dt = arrays(dataset, [{**entry, 'bbox': box, 'score': 0.5} for box in boxes])
    aitod = evaluate(gt, dt, 'aitod').metrics
    assert aitod['AP'] == pytest.approx(1) and aitod['AR_1500'] == 1
    assert aitod['AR_1'] == pytest.approx(1 / 200) and aitod['AR_100'] == pytest.approx(0.5)
    assert aitod['AP_vt'] == pytest.approx(aitod['AP_t']) == pytest.approx(1)  # area 64 lies in both sizes
    assert aitod['AP_s'] == aitod['AP_m'] == -1
    coco = evaluate(gt, dt, 'coco').metrics
    assert coco['AP'] == pytest.approx(51 / 101)  # 100 of 200: recall 0 to .5
    assert aitod['oLRP'] == 0 and coco['oLRP'] == coco['oLRP_fn'] == 0.5
    assert evaluate(gt, dt, 'visdrone').metrics['AR_300'] == 1


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
def test_no_detections_is_zero_and_valid_json(backend):
    result = evaluate(*arrays(draw_data(0)[0], []), backend=backend)
    assert {key: result.metrics[key] for key in ('AP', 'AP_50', 'AR_1500')} == {'AP': 0, 'AP_50': 0, 'AR_1500': 0}
    assert result.metrics['oLRP'] == result.metrics['oLRP_fn'] == 1
    assert result.metrics['oLRP_loc'] == -1
    assert result.classwise['class 4']['AP'] is None
    assert json.loads(json.dumps(result.to_json(), allow_nan=False))['AP'] == 0
    assert ' - ' in result.table() and ' - ' in result.classwise_table()


def test_no_objects_is_undefined():
    dataset, results = draw_data(0)
    result = evaluate(*arrays({**dataset, 'annotations': []}, results))
    assert set(result.metrics.values()) == {-1}


def test_absent_area_and_iscrowd_are_derived():
    dataset, results = draw_data(3)
    for annotation in dataset['annotations']:
        annotation.update(area=annotation['bbox'][2] * annotation['bbox'][3], iscrowd=0)
    expected = numbers(evaluate(*arrays(dataset, results)))
    for annotation in dataset['annotations']:
        del annotation['area'], annotation['iscrowd']
    assert numbers(evaluate(*arrays(dataset, results))) == expected


def test_falls_back_to_pycocotools(monkeypatch):
    assert default_backend() == 'faster_coco_eval'
    gt, dt = arrays(*draw_data(1))
    expected = numbers(evaluate(gt, dt))
    monkeypatch.setitem(sys.modules, 'faster_coco_eval', None)
    assert default_backend() == 'pycocotools'
    assert numbers(evaluate(gt, dt)) == pytest.approx(expected, abs=1e-9)


def test_string_image_ids():
    dataset, results = draw_data(4)
    expected = numbers(evaluate(*arrays(dataset, results)))
    for image in dataset['images']:
        image['id'] = f'img{image["id"]}'
    for entry in dataset['annotations'] + results:
        entry['image_id'] = f'img{entry["image_id"]}'
    assert numbers(evaluate(*arrays(dataset, results))) == expected


@pytest.mark.parametrize('arguments', [{'protocol': 'voc'}, {'backend': 'hotcoco'}])
def test_unknown_choices_raise(arguments):
    gt, dt = arrays(*draw_data(0))
    with pytest.raises(ValueError, match='unknown; choose'):
        evaluate(gt, dt, **arguments)
