"""AI-TOD under every name it is passed around with."""

from pathlib import Path

import pytest
from coco_data import entry, write_set

from nwd_mmdet.datasets import AITODDataset
from nwd_mmdet.datasets.aitod import CLASSES, RELEASES
from nwd_mmdet.datasets.annotation_files import find_annotations

FILES = [(release.names[0], name) for release in RELEASES for name in release.names]


def load(root, name='aitod_train_v1.json', **more):
    return AITODDataset(data_root=str(root), ann_file=f'annotations/{name}', data_prefix=dict(img='train/'), **more)


@pytest.mark.parametrize(('asked', 'there'), FILES)
def test_every_name_in_the_wild_is_found(tmp_path, log, asked, there):
    write_set(tmp_path, CLASSES, there)
    dataset = load(tmp_path, asked)
    assert Path(dataset.ann_file).name == there
    assert len(dataset) == 2 and dataset.get_data_info(0)['instances'][0]['bbox'] == [5, 6, 12, 14]
    assert any('another name' in line and there in line for line in log) == (asked != there)


def test_another_split_or_version_is_never_taken(tmp_path):
    for asked, _ in FILES:
        folder = tmp_path / asked
        for release in RELEASES:
            if asked not in release.names:
                for name in release.names:
                    folder.mkdir(exist_ok=True)
                    (folder / name).touch()
        with pytest.raises(FileNotFoundError):
            find_annotations(folder / asked)


def test_missing_annotations_say_where_and_how(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load(tmp_path, 'aitod_val_v1.json')
    for part in (
        *(str(tmp_path / 'annotations' / name) for name in ('aitod_val_v1.json', 'aitod_validation_v1.0.json')),
        *('jwwangchn/AI-TOD', 'xView', 'AITOD_ROOT', 'data_root'),
    ):
        assert part in str(error.value)


def test_missing_images_say_how_to_get_them(tmp_path):
    write_set(tmp_path, CLASSES, 'aitod_train_v1.json', folder='elsewhere')
    with pytest.raises(FileNotFoundError, match=r'none of the 2 images(.|\n)*train/images(.|\n)*xView'):
        load(tmp_path)


def test_ids_other_than_1_to_8_are_reported(tmp_path, log):
    backwards = [dict(id=10 * i, name=name) for i, name in enumerate(reversed(CLASSES), 1)]
    write_set(tmp_path, CLASSES, 'aitod_train_v1.json', categories=backwards, annotations=[entry(80, 5, 6, 7, 8)])
    assert load(tmp_path).get_data_info(0)['instances'][0]['bbox_label'] == 0
    assert any('ids are not 1 to 8' in line and 'airplane 80' in line for line in log)
    log.clear()
    load(tmp_path, metainfo=dict(classes=('ship',)))
    assert not any('ids are not' in line for line in log)


def test_published_sizes_are_checked_for_published_names_only(tmp_path, log):
    write_set(tmp_path, CLASSES, 'aitodv2_val.json')
    load(tmp_path, 'aitodv2_val.json')
    assert any('2 images, the published split has 2,804' in line for line in log)
    assert any('1 instances, the published split has 75,091' in line for line in log)
    log.clear()
    write_set(tmp_path, CLASSES, 'my_val.json')
    load(tmp_path, 'my_val.json')
    assert log == []


def test_published_sizes_agree_with_each_other():
    by_version = [{r.split: r for r in RELEASES if r.version == version} for version in (1, 2)]
    for splits in by_version:
        assert splits['train'].images + splits['val'].images == splits['trainval'].images
        assert splits['trainval'].images + splits['test'].images == 28036
    train, val, trainval, test = by_version[1].values()
    assert train.instances + val.instances == trainval.instances
    assert trainval.instances + test.instances == pytest.approx(752745, abs=1)
