"""True and false positives and false negatives: by hand, against COCO's evaluation, as pictures, and by the tool."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from coco_data import arrays, draw_data
from conftest import ROOT
from mmengine.config import Config
from mmengine.runner import save_checkpoint
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from nwd_mmdet.analysis.detection_outcomes import Outcome, outcomes
from nwd_mmdet.analysis.figures.outcomes import draw_outcomes
from nwd_mmdet.datasets.synthetic import draw_set

CONFIG = str(ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_anchor2_synthetic.py')
TOOL = str(ROOT / 'tools/analysis_tools/draw_detections.py')
GREEN, BLUE, RED = (60, 220, 60), (255, 150, 50), (60, 60, 255)  # BGR


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
    assert np.sum([outcome.counts for outcome in ours.values()], 0).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ('shape', 'panel'), [((90, 60), (900, 640)), ((50, 100), (450, 900)), ((1200, 800), (1200, 800))]
)
def test_picture(shape: tuple, panel: tuple) -> None:
    boxes = torch.tensor([[10.0, 10, 16, 16]])
    outcome = Outcome(boxes, boxes + 15, boxes[:0], boxes[:, 0])
    picture = draw_outcomes(
        np.full((*shape, 3), 90, np.uint8),
        {'first': outcome, 'x' * 99: Outcome(boxes[:0], boxes[:0], boxes, boxes[:0, 0])},
    )
    assert picture.shape == (panel[0] + 72, 2 * panel[1] + 6, 3)
    first, second = (side[48:-24] for side in np.split(picture[:, : 2 * panel[1] + 6], [panel[1] + 3], 1))
    for side, there in ((first, (GREEN, BLUE)), (second, (RED,))):
        for colour in (GREEN, BLUE, RED):
            assert (side == colour).all(-1).any() == (colour in there)
    factor = max(1, round(900 / max(shape)))
    x, size = 10 * factor, 6 * factor
    assert (first[x : x + size, x : x + size] == 90).all(), 'the object is painted over'


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four drawn test images of 128 px, and the objects themselves as detections, the first of an image left out."""
    folder = tmp_path_factory.mktemp('data')
    draw_set(folder, dict(train=1, val=4), (128, 128))
    annotations = json.loads((folder / 'annotations/val.json').read_text())['annotations']
    keys = ('image_id', 'category_id', 'bbox')
    perfect = [{**{key: annotation[key] for key in keys}, 'score': 0.9} for annotation in annotations]
    (folder / 'all.bbox.json').write_text(json.dumps(perfect))
    first = {annotation['image_id']: i for i, annotation in reversed(list(enumerate(annotations)))}
    (folder / 'some.bbox.json').write_text(json.dumps([r for i, r in enumerate(perfect) if i not in first.values()]))
    return folder


def run(data: Path, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setenv('SYNTHETIC_ROOT', str(data))
    monkeypatch.setattr(sys, 'argv', [TOOL, CONFIG, *map(str, arguments)])
    runpy.run_path(TOOL, run_name='__main__')


def test_tool_with_results(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    count = len(json.loads((data / 'all.bbox.json').read_text()))
    missed = count - len(json.loads((data / 'some.bbox.json').read_text()))
    run(data, monkeypatch, '--results', data / 'all.bbox.json', data / 'some.bbox.json', '--out', tmp_path)
    printed = capsys.readouterr().out
    assert f'all: TP {count}  FP 0  FN 0 in 4 images' in printed
    assert f'some: TP {count - missed}  FP 0  FN {missed} in 4 images' in printed
    pictures = sorted(tmp_path.glob('*.png'))
    assert len(pictures) == 4
    assert cv2.imread(str(pictures[0])).shape == (128 * 7 + 72, 2 * 128 * 7 + 6, 3)


def test_tool_with_a_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules

    register_all_modules()
    monkeypatch.setenv('SYNTHETIC_ROOT', str(data))
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict({'model.backbone.base_channels': 8, 'model.neck.in_channels': [8, 16, 32, 64]})
    # Another model than in the config: the one in the checkpoint counts.
    checkpoint = {'state_dict': MODELS.build(cfg.model).state_dict(), 'meta': {'cfg': cfg.pretty_text}}
    save_checkpoint(checkpoint, str(tmp_path / 'small.pth'))
    options = ['--cfg-options', 'model.test_cfg.rcnn.score_thr=0.0', 'test_dataloader.num_workers=0']
    options += ['test_dataloader.persistent_workers=False']
    out = tmp_path / 'out'
    name = json.loads((data / 'annotations/val.json').read_text())['images'][2]['file_name']
    run(data, monkeypatch, '--checkpoints', tmp_path / 'small.pth', '--out', out, '--images', name, *options)
    (results,) = out.glob('*.bbox.json')
    assert {result['image_id'] for result in json.loads(results.read_text())} == {3}
    assert [path.name for path in out.glob('*.png')] == [name]
    assert 'in 1 images' in capsys.readouterr().out


def test_most_misses_first(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads((data / 'annotations/val.json').read_text())
    per_image = {image['id']: 0 for image in content['images']}
    for annotation in content['annotations']:
        per_image[annotation['image_id']] += 1
    (data / 'none.bbox.json').write_text('[]')
    run(
        data,
        monkeypatch,
        '--results',
        data / 'none.bbox.json',
        '--out',
        tmp_path,
        '--sort',
        'misses',
        '--max-images',
        1,
    )
    fullest = max(content['images'], key=lambda image: per_image[image['id']])
    assert [path.name for path in tmp_path.glob('*.png')] == [fullest['file_name']]


def test_tool_names_what_is_wrong(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r'--images nowhere.png: no such image in .*val.json'):
        run(data, monkeypatch, '--results', data / 'all.bbox.json', '--out', tmp_path, '--images', 'nowhere.png')
    with pytest.raises(SystemExit, match='nowhere.json'):
        run(data, monkeypatch, '--results', data / 'nowhere.json', '--out', tmp_path)
    with pytest.raises(SystemExit, match='no checkpoint'):
        run(data, monkeypatch, '--checkpoints', data / 'nowhere.pth', '--out', tmp_path)
