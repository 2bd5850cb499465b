"""AI-TOD's, VisDrone's and COCO's protocols, both backends, oLRP, the JSON tool."""

import contextlib
import io
import json
import runpy
import sys

import numpy as np
import pytest
from coco_data import arrays, draw_data, write
from conftest import ROOT
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from nwd_mmdet.evaluation import GroundTruth, evaluate, evaluate_json
from nwd_mmdet.evaluation.coco_evaluation import default_backend

AITOD_KEYS = (
    'AP AP_50 AP_75 AP_vt AP_t AP_s AP_m AR_1 AR_100 AR_1500 AR_vt AR_t AR_s AR_m oLRP oLRP_loc oLRP_fp oLRP_fn'
).split()
EVAL_JSON = ROOT / 'tools' / 'analysis_tools' / 'eval_json.py'


def numbers(result):
    """All numbers of a result, flat, by path."""

    def walk(path, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(f'{path}/{key}', inner)
        else:
            yield path, value

    content = result.to_json()
    del content['protocol'], content['max_dets']
    return dict(walk('', content))


def pycocotools_oracle(dataset, results, max_dets=(1, 100, 1500)):
    """Plain pycocotools with AI-TOD's parameters, annotation ids from 1 (it takes a match with id 0 for none)."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {**dataset, 'annotations': [{**a, 'id': a['id'] + 1} for a in dataset['annotations']]}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes([dict(result) for result in results]), 'bbox')
        evaluation.params.areaRng = [[0, 1e10], [0, 64], [64, 256], [256, 1024], [1024, 1e10]]
        evaluation.params.areaRngLbl = list('avtsm')
        evaluation.params.maxDets = list(max_dets)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def olrp_oracle(evaluation, category):
    """oLRP of one class from pycocotools' own matches at IoU 0.5, by the definition, threshold by threshold."""
    found, num_objects = [], 0
    for image in (e for e in evaluation.evalImgs if e is not None):
        if image['category_id'] != category or image['aRng'] != [0, 1e10]:
            continue
        num_objects += int((np.array(image['gtIgnore']) == 0).sum())
        gts, dts = evaluation.cocoGt.anns, evaluation.cocoDt.anns
        for d, match, ignored in zip(image['dtIds'], image['dtMatches'][0], image['dtIgnore'][0]):
            if not ignored:
                found.append((dts[d]['score'], iou(dts[d]['bbox'], gts[int(match)]['bbox']) if match else None))
    if not num_objects:
        return None
    found.sort(key=lambda pair: -pair[0])
    errors = []
    for k in range(1, len(found) + 1):
        ious = [value for _, value in found[:k] if value is not None]
        tp, fp, fn = len(ious), k - len(ious), num_objects - len(ious)
        errors.append((sum(1 - value for value in ious) / 0.5 + fp + fn) / (tp + fp + fn))
    return min(errors, default=1.0)


def iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


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
def test_equals_plain_pycocotools_and_olrp_by_its_definition(seed):
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
    for category in dataset['categories']:
        expected = olrp_oracle(oracle, category['id'])
        assert result.classwise[category['name']]['oLRP'] == (expected and pytest.approx(expected, abs=1e-12))


def test_olrp_by_hand():
    dataset = {
        'images': [{'id': 1}],
        'categories': [{'id': 1, 'name': 'ship'}],
        'annotations': [
            {'image_id': 1, 'category_id': 1, 'bbox': [x, 0, 10, 10], 'area': 100, 'iscrowd': 0} for x in (0, 50, 90)
        ],
    }
    entry = {'image_id': 1, 'category_id': 1}
    results = [
        {**entry, 'bbox': [0, 0, 10, 8], 'score': 0.9},  # IoU 0.8
        {**entry, 'bbox': [50, 0, 10, 10], 'score': 0.7},  # IoU 1
        {**entry, 'bbox': [20, 0, 10, 10], 'score': 0.5},  # false
        {**entry, 'bbox': [90, 0, 10, 6], 'score': 0.4},  # IoU 0.6
    ]
    ship = evaluate(*arrays(dataset, results)).classwise['ship']
    # LRP at the four scores: (.4 + 2)/3, (.4 + 1)/3, (.4 + 2)/4, (.4 + .8 + 1)/4; the second is the smallest.
    parts = {key: ship[f'oLRP{key}'] for key in ('', '_loc', '_fp', '_fn', '_threshold')}
    assert parts == pytest.approx({'': 1.4 / 3, '_loc': 0.1, '_fp': 0, '_fn': 1 / 3, '_threshold': 0.7})


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


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'image_id': 77}, r'dt\.json.* image ids .*\[77\]'),
        ({'category_id': 99}, r'dt\.json.* category ids .*\[99\]'),
        ({'score': float('nan')}, 'NaN'),
        ({'bbox': [1, 2, 3]}, r"dt\.json.*'bbox'"),
    ],
)
def test_bad_detections_are_named(change, message):
    dataset, results = draw_data(0)
    results[5].update(change)
    with pytest.raises(ValueError, match=message):
        arrays(dataset, results)


@pytest.mark.parametrize(
    ('dataset', 'message'),
    [
        ([], 'not a COCO data set'),
        ({'images': [], 'categories': [{'id': 1, 'name': 'a'}, {'id': 2, 'name': 'a'}]}, 'share a name'),
        (
            {
                'images': [{'id': 5}],
                'categories': [],
                'annotations': [{'image_id': 5, 'category_id': 1, 'bbox': [0] * 4}],
            },
            r'gt\.json: 1 entries have 1 category ids',
        ),
        *(
            (
                {
                    'images': [{'id': 5}],
                    'categories': [{'id': 1, 'name': 'a'}],
                    'annotations': [{'image_id': 5, 'category_id': 1, 'bbox': box}],
                },
                r'gt\.json: 1 boxes are not finite or have a negative side',
            )
            for box in ([0, 0, -1, 1], [0, float('nan'), 1, 1])
        ),
    ],
)
def test_bad_annotations_are_named(dataset, message):
    with pytest.raises(ValueError, match=message):
        GroundTruth.from_coco(dataset, 'gt.json')


def test_annotations_of_unlisted_images_are_left_out():
    annotation = {'id': 1, 'image_id': 5, 'category_id': 1, 'bbox': [0, 0, 4, 4]}
    dataset = {'images': [{'id': 5}], 'categories': [{'id': 1, 'name': 'a'}], 'annotations': [annotation]}
    dataset['annotations'].append({**annotation, 'id': 2, 'image_id': 6})
    assert len(GroundTruth.from_coco(dataset, 'gt.json')) == 1


@pytest.mark.parametrize('arguments', [{'protocol': 'voc'}, {'backend': 'hotcoco'}])
def test_unknown_choices_raise(arguments):
    gt, dt = arrays(*draw_data(0))
    with pytest.raises(ValueError, match='unknown; choose'):
        evaluate(gt, dt, **arguments)


def run_tool(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', [str(EVAL_JSON), *map(str, arguments)])
    runpy.run_path(str(EVAL_JSON), run_name='__main__')


def test_tool_writes_all_numbers(tmp_path, monkeypatch, capsys):
    dataset, results = draw_data(1)
    gt, dt, out = write(tmp_path / 'gt.json', dataset), write(tmp_path / 'dt.json', results), tmp_path / 'new/out.json'
    run_tool(monkeypatch, gt, dt, '--protocol', 'visdrone', '--out', out)
    written = json.loads(out.read_text())
    assert written == evaluate(*arrays(dataset, results), 'visdrone').to_json()
    assert {'AR_300', 'AP_75_95', 'AP_per_iou', 'classwise'} <= written.keys()
    assert f'{written["AP"]:.3f}' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('gt', 'dt', 'message'),
    [
        (None, [], r'gt\.json does not exist'),
        ('{', [], r'gt\.json is not valid JSON'),
        ({}, [], 'not a COCO data set'),
        ({'images': [], 'categories': []}, {'annotations': []}, r'dt\.json: not COCO detections'),
    ],
)
def test_tool_explains_bad_files(tmp_path, monkeypatch, gt, dt, message):
    if gt is not None:
        write(tmp_path / 'gt.json', gt)
    write(tmp_path / 'dt.json', dt)
    with pytest.raises(SystemExit, match=message):
        run_tool(monkeypatch, tmp_path / 'gt.json', tmp_path / 'dt.json')
