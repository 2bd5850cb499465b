"""Whole configs and files: a set that is broken in every way is reported completely, a good one not at all."""

from collections import Counter
from pathlib import Path

import pytest
from broken_data import annotation, good, write
from broken_sets import BROKEN, broken_config, data_set, good_config, named
from conftest import ROOT

from nwd_mmdet import data_check
from nwd_mmdet.data_check import CHECKS, check_annotation_files, check_before_training, check_config
from nwd_mmdet.datasets.checks import findings, image_contents
from nwd_mmdet.datasets.checks.findings import Check, Report


def counts(report: Report) -> Counter[str]:
    """How many each check found, over all files."""
    found: Counter[str] = Counter()
    for finding in report.findings:
        found[finding.check.key] += finding.count
    return found


def test_nothing_is_wrong_with_a_good_config(tmp_path: Path) -> None:
    report = check_config(good_config(tmp_path))
    assert report.findings == []
    assert [(size.images_used, size.boxes_used) for size in report.sizes] == [(2, 4), (2, 4)]


def test_every_defect_of_a_set_that_has_them_all_is_counted(tmp_path: Path) -> None:
    report = check_config(broken_config(tmp_path))
    assert counts(report) == BROKEN
    assert set(BROKEN) == {check.key for check in CHECKS}, 'break it in every way'
    left_out = {size.name.rpartition('/')[2]: size.boxes - size.boxes_used for size in report.sizes}
    assert left_out['entries.json'] == 19 and left_out['fractions.json'] == 4 and left_out['filtered.json'] == 1


def test_the_start_of_a_training_finds_all_but_what_is_in_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(data_check, 'print_log', lambda message, **_: lines.append(message))
    monkeypatch.setattr(findings, 'print_log', lambda message, **_: lines.append(message))
    findings.say_once.cache_clear()
    found = counts(check_before_training(broken_config(tmp_path)))
    contents = {check.key for check in image_contents.CHECKS} | {'shared-content'}
    assert set(found) == set(BROKEN) - contents
    assert any('entries.json: 9 of 9 images, 22 of 41 boxes (19 left out)' in line for line in lines)
    assert any('a category that the file does not list: 1, first: annotation 43' in line for line in lines)


def test_keys_of_checks_are_names() -> None:
    assert len({check.key for check in CHECKS}) == len(CHECKS)


def row(check: Check) -> str:
    """A check's row in the table of the documentation."""
    cells = [f'{check.finding} (`{check.key}`)']
    for fate in (check.fate, check.in_coco):
        cells.append('' if fate is None else f'**{fate.level.title}**: {fate.text}')
    return '| ' + ' | '.join([*cells, check.remedy]) + ' |'


def test_the_table_of_the_documentation_is_that_of_the_checks() -> None:
    lines = (ROOT / 'docs/check_data.md').read_text().splitlines()
    assert [line for line in lines if line.endswith(' |') and '(`' in line] == [row(check) for check in CHECKS]


@pytest.mark.parametrize('wrapper', ['RepeatDataset', 'ClassBalancedDataset', 'MultiImageMixDataset', 'ConcatDataset'])
def test_wrappers_are_followed(wrapper: str, tmp_path: Path) -> None:
    cfg = good_config(tmp_path)
    content = named('train')
    content['annotations'].append(annotation(1, [1, 1, 10, 10], category_id=7))
    write(tmp_path / 'train.json', content)
    inner = cfg.train_dataloader.dataset
    steps, inner.pipeline = inner.pipeline, inner.pipeline[:2]
    wrapped = {
        'RepeatDataset': dict(times=3, dataset=inner),
        'ClassBalancedDataset': dict(oversample_thr=0.5, dataset=inner),
        'MultiImageMixDataset': dict(dataset=inner, pipeline=steps[2:]),
        'ConcatDataset': dict(datasets=[inner]),
    }[wrapper]
    cfg.train_dataloader.dataset = dict(type=wrapper, **wrapped)
    assert counts(check_config(cfg)) == {'no-category': 1}


def test_several_annotation_files_count_as_one(tmp_path: Path) -> None:
    """Each has objects of one class alone."""
    cfg = good_config(tmp_path)
    for category in (1, 2):
        content = named('train')
        content['annotations'] = [a for a in content['annotations'] if a['category_id'] == category]
        write(tmp_path / f'{category}.json', content)
    cfg.train_dataloader.dataset.ann_file = [str(tmp_path / '1.json'), str(tmp_path / '2.json')]
    assert counts(check_config(cfg)) == {}
    cfg.train_dataloader.dataset.ann_file = str(tmp_path / '1.json')
    (finding,) = check_config(cfg).findings
    assert finding.check.key == 'class-without-objects' and finding.first == "'buoy'"


def test_test_data_that_are_others_are_checked_as_well(tmp_path: Path) -> None:
    cfg = good_config(tmp_path)
    write(tmp_path / 'test.json', {**named('val'), 'regions': [1]})
    cfg.test_dataloader.dataset = data_set(tmp_path, 'test.json', test_mode=True)
    (finding,) = check_config(cfg).findings
    assert finding.check.key == 'unread-lists' and finding.source.endswith('test.json')


def test_a_data_set_of_another_class_is_checked_as_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / 'Annotations').mkdir()
    (tmp_path / 'val.txt').write_text('one')
    box = '<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>{}</xmax><ymax>30</ymax></bndbox>'
    (tmp_path / 'Annotations/one.xml').write_text(
        '<annotation><size><width>100</width><height>80</height></size>'
        f'<object><name>ship</name>{box.format(130)}</object><object><name>buoy</name>{box.format(30)}</object></annotation>'
    )
    cfg = good_config(tmp_path)
    cfg.val_dataloader.dataset.update(
        type='XMLDataset', ann_file=str(tmp_path / 'val.txt'), data_prefix=dict(sub_data_root=str(tmp_path))
    )
    cfg.test_dataloader = None
    report = check_config(cfg)
    # The loader looks for JPEGImages, relative to the working directory; the metric's file has images of other ids.
    assert counts(report) == {'partly-outside': 1, 'metric-other-images': 1, 'images-missing': 1, 'images-unlisted': 2}


def test_files_without_a_config(tmp_path: Path) -> None:
    good_config(tmp_path)
    paths = [tmp_path / 'train.json', tmp_path / 'val.json']
    report = check_annotation_files(paths)  # images/ lies beside them
    assert report.findings == [] and report.notes == [] and len(report.sizes) == 2
    (tmp_path / 'images').rename(tmp_path / 'pictures')
    report = check_annotation_files(paths)
    assert report.findings == [] and 'train.json: no images were found' in report.notes[0]
    assert check_annotation_files(paths, tmp_path / 'pictures').notes == []
    assert counts(check_annotation_files(paths, tmp_path / 'nowhere')) == {'images-missing': 4}
    write(tmp_path / 'val.json', {**good(), 'categories': [{'id': 1, 'name': 'buoy'}, {'id': 2, 'name': 'ship'}]})
    write(tmp_path / 'list.json', [])
    assert counts(check_annotation_files([*paths, tmp_path / 'list.json'])) == {'labels-differ': 2, 'no-coco-file': 1}


def test_ctrl_c_while_images_are_read_reports_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = good_config(tmp_path)
    write(tmp_path / 'train.json', {**named('train'), 'regions': [1]})

    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(image_contents, 'tqdm', interrupted)
    report = check_config(cfg)
    assert report.unread == 4 and counts(report) == {'unread-lists': 1}
