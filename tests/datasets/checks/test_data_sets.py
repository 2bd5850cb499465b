"""Data sets of a config, as they are read for checking."""

from pathlib import Path

from broken_data import CLASSES, good, write
from broken_sets import data_set, good_config, named

from nwd_mmdet.datasets.checks.data_sets import of_file, of_settings, read_columns
from nwd_mmdet.datasets.checks.findings import Reader


def test_settings_of_a_data_set(tmp_path: Path) -> None:
    good_config(tmp_path)
    settings = data_set(tmp_path, 'train.json', filter_cfg=dict(min_size=90))
    data = of_settings(settings, settings['pipeline'], 'train', read_columns)
    assert data.reader is Reader.CHECKED and tuple(data.classes) == CLASSES and data.folder == tmp_path / 'images'
    assert data.listed[0] == (tmp_path / 'images/train_1.png', (100.0, 80.0)) and data.labels == list(CLASSES)
    assert [finding.check.key for finding in data.check()] == ['filtered-small-images', 'nothing-to-learn']
    size = data.size()
    assert (size.images, size.images_used, size.boxes, size.boxes_used) == (2, 0, 4, 0)
    held_out = of_settings(settings, settings['pipeline'], 'val', read_columns)
    assert held_out.filter_cfg == {} and list(held_out.check()) == []
    assert of_settings({**settings, 'type': 'CocoDataset'}, [], 'train', read_columns).reader is Reader.COCO


def test_images_elsewhere_are_not_looked_for(tmp_path: Path) -> None:
    good_config(tmp_path)
    settings = data_set(tmp_path, 'train.json', backend_args=dict(backend='local'), data_prefix=dict(img='bucket'))
    data = of_settings(settings, [], 'val', read_columns)
    assert data.folder is None and data.named_files[0] == ('train_1.png', None) and list(data.check()) == []


def test_missing_images_that_the_pipeline_passes_over(tmp_path: Path) -> None:
    good_config(tmp_path)
    settings = data_set(tmp_path, 'train.json')
    settings['pipeline'][0] = {**settings['pipeline'][0], 'ignore_empty': True}
    (tmp_path / 'images/train_1.png').unlink()
    (finding,) = of_settings(settings, settings['pipeline'], 'train', read_columns).check()
    assert finding.check.key == 'images-missing' and 'another image takes its place' in finding.fate.text


def test_images_around_an_annotation_file(tmp_path: Path) -> None:
    for place in ('images/train', 'train', 'train/images', 'images'):
        root = tmp_path / place.replace('/', '_')
        write(root / 'annotations/train.json', named('x'))
        folder = root / place
        folder.mkdir(parents=True)
        for number in (1, 2):
            (folder / f'x_{number}.png').touch()
        assert of_file(root / 'annotations/train.json', None, read_columns).folder == folder
    assert of_file(write(tmp_path / 'alone/a.json', good()), None, read_columns).folder is None
