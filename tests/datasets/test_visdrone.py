"""VisDrone-DET as a data set: its regions to ignore, and where to get it."""

from pathlib import Path

import pytest
from mmdet.registry import DATASETS
from visdrone_data import write_converted


def test_dataset_hands_ignored_regions_to_training(tmp_path: Path) -> None:
    write_converted(tmp_path, 'visdrone_train.json')
    settings = dict(type='VisDroneDataset', data_root=str(tmp_path), data_prefix=dict(img='images'), pipeline=[])
    dataset = DATASETS.build(dict(settings, ann_file='visdrone_train.json'))
    instances = [dataset.get_data_info(index)['instances'] for index in range(3)]
    assert [[i['ignore_flag'] for i in part] for part in instances] == [[0, 0, 0], [1, 1], []]
    assert instances[1][1]['bbox'] == [0, 0, 50, 50] and instances[0][2]['bbox'] == [90, 70, 100, 80]
    with pytest.raises(FileNotFoundError, match='nwd-mmdet visdrone2coco'):
        DATASETS.build(dict(settings, ann_file='visdrone_val.json'))
