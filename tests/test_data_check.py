"""Whole configs and files: a set broken in every way is reported completely, a good one not at all."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from broken_data import CLASSES, DEFECTS, adds, adds_image, good, write
from broken_sets import BOXES, LOAD, PACK, RESIZE, data_set, good_config
from mmengine.config import Config
from PIL import Image

from nwd_mmdet.data_check import CHECKS, check_annotation_files, check_before_training, check_config
from nwd_mmdet.datasets.checks.findings import Level, Report


def counts(report: Report) -> Counter[str]:
    """How much each check found, over all files."""
    found: Counter[str] = Counter()
    for finding in report.findings:
        found[finding.check.key] += finding.count
    return found


def change_file(path: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    write(path, content)


def test_nothing_is_wrong_with_a_good_config(tmp_path: Path) -> None:
    report = check_config(good_config(tmp_path))
    assert report.findings == []
    assert [(size.images_used, size.boxes_used) for size in report.sizes] == [(2, 4), (2, 4)]


def test_every_kind_of_defect_of_annotations_at_once_is_reported_with_its_count(tmp_path: Path) -> None:
    """One file with all of them; mending one would otherwise show the next."""
    cfg = good_config(tmp_path)
    expected = Counter(defect.key for defect in DEFECTS)
    path = tmp_path / 'train.json'
    for defect in DEFECTS:
        change_file(path, defect.change)
    found = counts(check_config(cfg))
    assert {key: found[key] for key in expected} == {**expected, **IN_COMPANY}


# What one defect makes of another: an image without a usable id or size, for one, has no object that is learned.
IN_COMPANY: dict[str, int] = {}


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    return good_config(tmp_path)


def only(report: Report, key: str) -> str:
    """The first example of the only check that found something."""
    assert set(counts(report)) == {key}, report.text()
    return report.findings[0].first


def test_it_says_all(cfg: Config, tmp_path: Path) -> None:
    for defect in DEFECTS:
        change_file(tmp_path / 'train.json', defect.change)
    print(check_config(cfg).text())
