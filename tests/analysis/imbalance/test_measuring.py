"""Parts of what is measured: they grow, and an interrupt anywhere leaves those that are done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from detectors import read
from mmengine.config import Config

from nwd_mmdet.analysis.imbalance import dataset_statistics, measuring
from nwd_mmdet.analysis.imbalance.detectors import Detector, MeasuredDetector
from nwd_mmdet.analysis.imbalance.measuring import batch_part, data_parts, log_part, measure, prior_parts
from nwd_mmdet.datasets.synthetic import draw_set

IOU = 'demo/faster-rcnn_r18-small_fpn_synthetic'
DETECTOR = Detector('x', IOU, None)


@pytest.fixture(scope='module')
def cfg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """On a set of six training images and two others."""
    data = tmp_path_factory.mktemp('data')
    draw_set(data, dict(train=6, val=2), (128, 128))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('SYNTHETIC_ROOT', str(data))
        yield read(IOU)


def until_interrupted(cfg: Config) -> list[MeasuredDetector]:
    found = []
    with pytest.raises(KeyboardInterrupt):
        for measured in measure(DETECTOR, cfg):
            found.append(measured)
    return found


def interrupt(*_: object) -> Any:
    raise KeyboardInterrupt


def test_parts_grow(cfg: Config) -> None:
    found = list(measure(DETECTOR, cfg, 'val', max_images=3))
    assert [measured.measured for measured in found] == [
        (),
        ('batches',),
        ('batches', 'regression_loss'),
        ('batches', 'regression_loss', 'priors'),
    ]
    assert (found[-1].label, found[-1].images, found[-1].looked_at) == ('x', 2, 3)
    assert found[0].data is found[-1].data and found[0].looked_at == 0


def test_an_interrupt_between_the_parts(cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, 'batch_part', interrupt)
    (measured,) = until_interrupted(cfg)
    assert measured.images == 6 and 'batches' not in measured.as_dict()


def test_an_interrupt_in_the_annotations(cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read until then is reported."""
    monkeypatch.setattr(dataset_statistics, '_PART', 2)
    images = measuring.images_of

    def five(dataset: Any) -> Iterator[Any]:
        for index, image in enumerate(images(dataset)):
            if index == 5:
                interrupt()
            yield image

    monkeypatch.setattr(measuring, 'images_of', five)
    found = until_interrupted(cfg)
    assert [measured.images for measured in found] == [2, 4]


def test_an_interrupt_in_the_priors(cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring.FirstStage, 'sample', interrupt)
    assert until_interrupted(cfg)[-1].measured == ('batches', 'regression_loss')


def test_data_of_another_split_and_of_none(cfg: Config) -> None:
    (part,) = data_parts(cfg, 'val')
    assert part['images'] == 2
    with pytest.raises(ValueError, match='--split test'):
        list(data_parts(Config({}), 'test'))


def test_batches(cfg: Config) -> None:
    part = batch_part(cfg, 'train')
    assert part and (part['batches'], part['batch_size']) == (2, 4)
    assert batch_part(Config(dict(train_dataloader=dict(batch_size=2))), 'train') is None
    repeated = Config(cfg.to_dict())
    repeated.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=repeated.train_dataloader.dataset)
    part = batch_part(repeated, 'train')
    assert part and part['batches'] == 3


def test_priors(cfg: Config) -> None:
    (part,) = prior_parts(cfg, 4)
    assert part['stage'] == 'rpn_head' and part['images'] == 4
    (part,) = prior_parts(Config(dict(model=dict(type='DETR'))), 4)
    assert part['absent'].startswith('DETR has neither')


def test_log_of_the_longest_training(tmp_path: Path) -> None:
    assert log_part(tmp_path) is None
    for name, steps in (('a', 1), ('b', 3), ('c', 2)):
        log = tmp_path / name / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        log.write_text(''.join(f'{{"loss_cls": {4 / step}, "step": {step}}}\n' for step in range(1, steps + 1)))
    part = log_part(tmp_path)
    assert part and [step for step, _ in part['losses']['loss_cls']] == [1, 2, 3]
    assert part['pace']['loss_cls'][1] == (2, 0.5)
