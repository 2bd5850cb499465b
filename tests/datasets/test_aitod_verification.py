"""The check of AI-TOD's files, on every defect."""

import json
from pathlib import Path

import cv2
import numpy as np
from aitod_data import annotate

from nwd_mmdet.datasets.aitod_files import find_annotation_files
from nwd_mmdet.datasets.aitod_verification import table, to_json, verify


def save(path: Path, side: int = 800) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((side, side, 3), np.uint8))


def test_verify_finds_every_defect(tmp_path: Path) -> None:
    good, small, gone = 'a.png', 'small.png', 'gone.png'
    annotate(
        tmp_path, 'aitod_train_v1.json', [good, small, gone, good], [[0, 0, 9, 9], [0, 0, 0.5, 9], [790, 0, 20, 9]]
    )
    annotate(tmp_path, 'aitod_val_v1.json', [good])
    save(tmp_path / 'train' / good)
    save(tmp_path / 'train' / small, 700)
    save(tmp_path / 'train' / 'extra.png')
    (tmp_path / 'train' / 'broken.png').write_bytes(b'no image')
    save(tmp_path / 'val' / 'images' / good)
    reports, shared = verify(tmp_path, find_annotation_files(tmp_path))
    train, val = reports
    assert (train.split, train.version, train.images, train.published_images) == ('train', 1, 4, 11214)
    assert train.missing == [gone] and train.wrong_size == [small] and train.doubled == [good]
    assert train.extra == ['broken.png', 'extra.png'] and train.bad_boxes == 2 and not train.right
    assert not (val.missing or val.extra or val.wrong_size or val.doubled)
    assert shared == {'train and val': [good]}
    (header, *rows) = [line for line in table(reports).splitlines() if 'published' in line or ' v1 ' in line]
    assert [cell.strip() for cell in rows[0].split('|')[1:-1]] == 'train v1|4|11,214|1|2|1|1|3|-|2'.split('|')
    written = json.loads(json.dumps(to_json(reports, shared)))
    assert written['shared'] == shared and [split['right'] for split in written['splits']] == [False, False]
