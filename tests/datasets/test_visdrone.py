"""VisDrone-DET: the converter on every oddity of its files, the data set, and the toolkit's evaluation by hand."""

import json
import runpy
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from mmdet.registry import DATASETS, METRICS
from PIL import Image

from nwd_mmdet.datasets.visdrone import CLASSES
from nwd_mmdet.datasets.visdrone_conversion import convert, image_sizes, read_rows, read_sizes, write
from nwd_mmdet.evaluation import Detections, GroundTruth, VisDroneMetric, evaluate_json
from nwd_mmdet.evaluation.visdrone_toolkit import evaluate_toolkit, regions_of

TOOL = ROOT / 'tools' / 'dataset_converters' / 'visdrone2coco.py'
FILES = {
    'a': '10,20,30,40,1,4,0,0\n\n10,20,30,40,1,4,0,0\n5,5,4,0,1,1,0,2,\n90,70,30,30,1,10,1,1\n',
    'b': '0,0,50,50,0,0,0,0\n60,60,20,20,0,11,0,0\n30,10,8,6,0,2,0,0\n',
    'c': '',
}


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Three images of 100 x 80 px with annotations."""
    for folder in ('annotations', 'images'):
        (tmp_path / folder).mkdir()
    for stem, text in FILES.items():
        (tmp_path / 'annotations' / f'{stem}.txt').write_text(text)
        Image.new('RGB', (100, 80)).save(tmp_path / 'images' / f'{stem}.jpg')
    return tmp_path


def test_everything_is_kept_or_counted(split: Path) -> None:
    result = convert(split, image_sizes(split / 'images'))
    dataset = result.dataset
    assert [(image['file_name'], image['width'], image['height']) for image in dataset['images']] == [
        (f'{stem}.jpg', 100, 80) for stem in 'abc'
    ]
    assert [category['name'] for category in dataset['categories']] == list(CLASSES)
    assert [category['id'] for category in dataset['categories']] == list(range(1, 11))
    found = [(a['image_id'], a['category_id'], a['bbox'], a['iscrowd']) for a in dataset['annotations']]
    assert found == [
        (1, 4, [10, 20, 30, 40], 0),
        (1, 4, [10, 20, 30, 40], 0),
        (1, 1, [5, 5, 4, 0], 0),
        (1, 10, [90, 70, 30, 30], 0),
        (2, 2, [30, 10, 8, 6], 1),
    ]
    assert [image['ignore_regions'] for image in dataset['images']] == [[], [[0, 0, 50, 50]], []]
    summary = result.summary()
    for line in (
        '1 ignored regions, kept',
        '1 lines that repeat, kept',
        '1 objects of category 11',
        '1 objects over the border',
        '1 objects with score 0, kept as crowd',
        '1 objects without a width or height, kept',
    ):
        assert line in summary


@pytest.mark.parametrize(
    'line', ['1,2,3', '1,2,3,4,1,4,0,x', '1,2,3,4,1,12,0,0', '1,2,3,4,0.9,4,-1,-1', '1,2,-3,4,1,4,0,0']
)
def test_a_malformed_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text(f'1,2,3,4,1,4,0,0\n{line}\n')
    with pytest.raises(ValueError, match=r'a.txt, line 2'):
        list(read_rows(path))


def test_images_without_a_size_are_named(split: Path) -> None:
    (split / 'images' / 'b.jpg').unlink()
    Image.new('RGB', (9, 9)).save(split / 'images' / 'z.jpg')
    sizes = image_sizes(split / 'images')
    with pytest.raises(
        ValueError, match='1 of 3 annotation files have no image whose size is known: b.*--skip-missing'
    ):
        convert(split, sizes)
    result = convert(split, sizes, skip_missing=True)
    assert result.unsized == ['b'] and len(result.dataset['images']) == 2
    assert '1 images without a known size' in result.summary() and '1 images without an annotation' in result.summary()


def test_sizes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / 'sizes.csv'
    path.write_text('file_name,width,height\na.jpg,100,80\n')
    assert read_sizes(path) == {'a.jpg': (100, 80)}
    path.write_text('file_name,width\na.jpg,100\n')
    with pytest.raises(ValueError, match='no column height'):
        read_sizes(path)
    path.write_text('file_name,width,height\na.jpg,100,tall\n')
    with pytest.raises(ValueError, match='line 2'):
        read_sizes(path)
    path.write_text('file_name,width,height\na.jpg,100,80\nb.jpg,0,80\n')
    with pytest.raises(ValueError, match='at least 1 px, not as for b.jpg'):
        read_sizes(path)


def test_two_images_of_one_annotation_file_are_refused(split: Path) -> None:
    with pytest.raises(ValueError, match='several images belong to the same annotation file.*a.jpg'):
        convert(split, {'a.jpg': (100, 80), 'a.png': (100, 80)})


def test_an_interruption_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / 'out.json'
    write({'images': []}, target)

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        write({'images': [1]}, target)
    assert json.loads(target.read_text()) == {'images': []} and list(tmp_path.iterdir()) == [target]


def test_tool(split: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = split / 'new' / 'out.json'
    run = subprocess.run([sys.executable, str(TOOL), str(split), str(out)], capture_output=True, text=True)
    assert run.returncode == 0 and 'pedestrian' in run.stdout and len(json.loads(out.read_text())['images']) == 3
    for arguments, message in (
        ((out.parent, out), 'no text files in .*annotations'),
        ((split, out / 'below_a_file.json'), 'visdrone2coco.py: .*out.json'),
    ):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
        with pytest.raises(SystemExit, match=message):
            runpy.run_path(str(TOOL), run_name='__main__')


@pytest.mark.parametrize(
    ('name', 'counts'),
    [('train', (6471, 343205, 18287, 70916, 8813, 1532)), ('val', (548, 38759, 2342, 9608, 1378, 32))],
)
def test_published_counts(name: str, counts: tuple[int, ...], shared: Path, tmp_path: Path) -> None:
    with tarfile.open(shared / f'real/visdrone/{name}_annotations.tar.gz') as archive:
        archive.extractall(tmp_path, filter='data')
    (folder,) = {path.parent.parent for path in tmp_path.glob('**/annotations/*.txt')}
    stems = [path.stem for path in (folder / 'annotations').glob('*.txt')]
    result = convert(folder, {f'{stem}.jpg': (2000, 1500) for stem in stems})
    objects = [a for a in result.dataset['annotations'] if not a['iscrowd']]
    size = np.sqrt([a['area'] for a in objects])
    regions = sum(len(image['ignore_regions']) for image in result.dataset['images'])
    others = result.counts['objects of category 11 (others), left out: no class']
    tiny = (((size >= 2) & (size < 8)).sum(), ((size >= 8) & (size < 16)).sum())
    assert (len(stems), len(objects), *tiny, regions, others) == counts
    assert len(Counter(a['category_id'] for a in objects)) == 10


def test_dataset_hands_ignored_regions_to_training(split: Path) -> None:
    write(convert(split, image_sizes(split / 'images')).dataset, split / 'visdrone_train.json')
    settings = dict(type='VisDroneDataset', data_root=str(split), data_prefix=dict(img='images'), pipeline=[])
    dataset = DATASETS.build(dict(settings, ann_file='visdrone_train.json'))
    instances = [dataset.get_data_info(index)['instances'] for index in range(3)]
    assert [[i['ignore_flag'] for i in part] for part in instances] == [[0, 0, 0], [1, 1], []]
    assert instances[1][1]['bbox'] == [0, 0, 50, 50] and instances[0][2]['bbox'] == [90, 70, 100, 80]
    with pytest.raises(FileNotFoundError, match='visdrone2coco.py'):
        DATASETS.build(dict(settings, ann_file='visdrone_val.json'))


def toolkit(objects: list[tuple], detections: list[tuple], regions: list[list[float]] | None = None, images: int = 2):
    """Objects (image, class, box, score); detections (image, class, box, score); regions of image 1."""
    dataset = {
        'images': [{'id': i, 'ignore_regions': (regions or []) if i == 1 else []} for i in range(1, images + 1)],
        'categories': [{'id': c, 'name': f'class {c}'} for c in (1, 2, 3)],
        'annotations': [
            {'id': n, 'image_id': i, 'category_id': c, 'bbox': b, 'area': b[2] * b[3], 'iscrowd': int(not s)}
            for n, (i, c, b, s) in enumerate(objects)
        ],
    }
    gt = GroundTruth.from_coco(dataset, 'gt')
    dt = Detections.from_coco(
        [{'image_id': i, 'category_id': c, 'bbox': b, 'score': s} for i, c, b, s in detections], gt, 'dt'
    )
    return evaluate_toolkit(gt, dt, regions_of(dataset, gt))


BOX, FAR = [10, 10, 10, 10], [100, 100, 10, 10]


def test_toolkit_by_hand() -> None:
    """Class 1: right, wrong, right of 3 objects: recall 1/3 at precision 1, 2/3 at 2/3. Class 2: perfect. 3: none."""
    objects = [(1, 1, BOX, 1), (1, 1, FAR, 1), (2, 1, BOX, 1), (2, 2, FAR, 1)]
    detections = [(1, 1, BOX, 0.9), (1, 1, [50, 50, 10, 10], 0.8), (1, 1, FAR, 0.7), (2, 2, FAR, 0.6)]
    result = toolkit(objects, detections)
    first = 1 / 3 * 1 + 1 / 3 * 2 / 3
    assert result.classwise['class 1']['AP'] == pytest.approx(first)
    assert result.classwise['class 2']['AP_50'] == 1 and result.classwise['class 3']['AP'] is None
    assert result.metrics['AP'] == pytest.approx((first + 1) / 2)
    assert result.metrics['AP_weighted'] == pytest.approx((2 * first + 1) / 3), 'class 1 is in two images'
    assert result.metrics['AR_1'] == pytest.approx((1 / 3 + 1) / 2)
    assert result.metrics['AR_1_weighted'] == pytest.approx((2 * 1 / 3 + 1) / 3)
    assert result.metrics['AR_500'] == pytest.approx((2 / 3 + 1) / 2)


def test_toolkit_counts_the_best_detections_over_all_classes() -> None:
    detections = [(1, 1, BOX, 0.9), (1, 2, FAR, 0.5)]
    assert toolkit([(1, 1, BOX, 1), (1, 2, FAR, 1)], detections).metrics['AR_1'] == 0.5
    crowd = [(1, 1, [i * 20, 0, 10, 10], 0.9) for i in range(500)]
    assert toolkit([(1, 2, FAR, 1)], [*crowd, (1, 2, FAR, 0.5)]).metrics['AP'] == 0


def test_toolkit_drops_what_is_half_inside_ignored_regions() -> None:
    regions = [[0, 0, 15, 100], [0, 0, 15, 50]]  # covers the left half of BOX, once
    result = toolkit([(1, 1, BOX, 1), (2, 1, BOX, 1)], [(1, 1, BOX, 0.9), (2, 1, BOX, 0.8)], regions)
    assert result.counts['annotations'] == 1 and result.counts['detections in ignored regions'] == 1
    assert result.metrics['AP'] == 1
    result = toolkit([(1, 1, BOX, 1)], [(1, 1, BOX, 0.9)], [[0, 0, 14, 100]])
    assert result.counts['annotations'] == 1, 'four tenths are not half'


def test_toolkit_ignores_objects_with_score_0() -> None:
    result = toolkit([(1, 1, BOX, 0), (1, 1, FAR, 1)], [(1, 1, BOX, 0.9), (1, 1, BOX, 0.8), (1, 1, FAR, 0.7)])
    assert result.metrics['AP'] == 1, 'detections on it are neither right nor wrong'


def test_toolkit_without_detections_or_objects() -> None:
    assert toolkit([(1, 1, BOX, 1)], []).metrics['AP'] == 0
    assert set(toolkit([], [(1, 1, BOX, 0.5)]).metrics.values()) == {-1.0}


@pytest.mark.parametrize('protocol', ['papers', 'official'])
def test_metric_names_its_protocol(protocol: str, split: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr('nwd_mmdet.evaluation.aitod_metric.print_log', lambda text, **kwargs: lines.append(text))
    path = split / 'visdrone_val.json'
    write(convert(split, image_sizes(split / 'images')).dataset, path)
    metric = METRICS.build(dict(type='VisDroneMetric', ann_file=str(path), protocol=protocol, classwise=True))
    metric.dataset_meta = {'classes': CLASSES}
    for image in (1, 2, 3):
        prediction = {'bboxes': np.array([[10.0, 20, 40, 60]]), 'scores': np.array([0.9]), 'labels': np.array([3])}
        tensors = {key: torch.from_numpy(value) for key, value in prediction.items()}
        metric.process({}, [{'img_id': image, 'pred_instances': tensors}])
    result = metric.evaluate(3)
    assert result['visdrone/AP_50'] > 0 and ('visdrone/AR_500' in result) == (protocol == 'official')
    assert ('visdrone-official' if protocol == 'official' else 'visdrone,') in '\n'.join(lines)


def test_metric_refuses() -> None:
    with pytest.raises(ValueError, match="protocol='challenge' must be"):
        VisDroneMetric(protocol='challenge')
    with pytest.raises(ValueError, match="'official' needs ann_file"):
        VisDroneMetric(protocol='official')


def test_official_protocol_of_files(split: Path) -> None:
    gt, dt = split / 'gt.json', split / 'dt.json'
    write(convert(split, image_sizes(split / 'images')).dataset, gt)
    dt.write_text(json.dumps([{'image_id': 2, 'category_id': 4, 'bbox': [5, 5, 9, 9], 'score': 0.9}]))
    result = evaluate_json(gt, dt, 'visdrone-official')
    assert result.counts['detections in ignored regions'] == 1 and result.to_json()['protocol'] == 'visdrone-official'
    assert evaluate_json(gt, dt, 'visdrone').counts['detections'] == 1
