"""Configs in the hands of mmengine and mmdet: 'auto' is resolved, or the error says what to do."""

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import mmdet.apis
import numpy as np
import pytest
from mmdet.registry import DATASETS, MODELS
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner
from trained_demo import TrainedDemo, train_demo

from nwd_mmdet.entry_points import replaced, resolve_in_entry_points, resolved_when_read

NEEDED = r"(?s)read for an 'auto' in the config.*work_dirs/NAME/NAME\.py.*numbers in place of 'auto'"


@pytest.fixture(scope='module')
def demo(tmp_path_factory: pytest.TempPathFactory) -> TrainedDemo:
    return train_demo(tmp_path_factory.mktemp('entry_points'))


@pytest.fixture
def here(demo: TrainedDemo, monkeypatch: pytest.MonkeyPatch) -> TrainedDemo:
    """On the machine that has the data."""
    monkeypatch.setenv('SYNTHETIC_ROOT', str(demo.data))
    return demo


@pytest.fixture
def elsewhere(demo: TrainedDemo, monkeypatch: pytest.MonkeyPatch) -> TrainedDemo:
    """On a machine without it."""
    monkeypatch.setenv('SYNTHETIC_ROOT', '/nowhere')
    return demo


def detector(config: Path, demo: TrainedDemo, **options: object):
    return mmdet.apis.init_detector(str(config), str(demo.checkpoint), device='cpu', **options)


def test_the_runner_resolves(demo: TrainedDemo) -> None:
    trained = Config.fromfile(demo.trained)
    assert 5 < trained.nwd_constant < 30
    assert trained.model.train_cfg.rpn.assigner.constant == trained.model.rpn_head.loss_bbox.constant
    assert trained.model.test_cfg.rpn.nms.constant == trained.nwd_constant
    assert 'nwd' not in trained, 'fragments are dropped'


@pytest.mark.parametrize('kind', [Config, ConfigDict, dict])
def test_the_runner_takes_dictionaries(kind: type, elsewhere: TrainedDemo, tmp_path: Path) -> None:
    config = Config.fromfile(elsewhere.config)
    config.merge_from_dict(dict(nwd_constant=7, work_dir=str(tmp_path), experiment_name=f'{tmp_path.name}'))
    runner = Runner.from_cfg(config if kind is Config else kind(config.to_dict()))
    assert runner.model.test_cfg.rpn.nms.constant == runner.cfg.model.rpn_head.loss_bbox.constant == 7


def test_init_detector_resolves(here: TrainedDemo) -> None:
    expected = Config.fromfile(here.trained).nwd_constant
    model = detector(here.config, here)
    assert model.test_cfg.rpn.nms.constant == model.cfg.nwd_constant == expected
    (result,) = mmdet.apis.inference_detector(model, [str(here.image)])
    assert len(result.pred_instances) == 50


def test_init_detector_merges_options_before(elsewhere: TrainedDemo) -> None:
    """A number in the options needs no data, and counts everywhere."""
    model = detector(elsewhere.config, elsewhere, cfg_options={'nwd_constant': 7.5})
    assert model.test_cfg.rpn.nms.constant == model.cfg.model.rpn_head.loss_bbox.constant == 7.5
    config = Config.fromfile(elsewhere.config)
    config.nwd_constant = 9
    assert mmdet.apis.init_detector(config, device='cpu').test_cfg.rpn.nms.constant == 9
    assert 'constant' not in config.model.test_cfg.rpn.nms, 'the config of the caller is left as it is'


def test_det_inferencer_resolves(here: TrainedDemo, tmp_path: Path) -> None:
    for model in (str(here.config), str(here.trained), Config.fromfile(here.config), None):
        inferencer = mmdet.apis.DetInferencer(model, str(here.checkpoint), device='cpu', show_progress=False)
        assert inferencer.model.test_cfg.rpn.nms.constant == Config.fromfile(here.trained).nwd_constant
    found = inferencer(str(here.image), out_dir=str(tmp_path), pred_score_thr=0.0)['predictions'][0]
    assert len(found['scores']) == len(found['bboxes']) == 50
    assert cv2.imread(str(tmp_path / 'vis/000000.png')).shape == (128, 128, 3)


@pytest.mark.parametrize('start', [detector, mmdet.apis.DetInferencer], ids=['init_detector', 'DetInferencer'])
def test_without_the_data(start: Callable, elsewhere: TrainedDemo) -> None:
    """The config that was trained works, the one with 'auto' says so."""
    arguments = (elsewhere,) if start is detector else (str(elsewhere.checkpoint), 'cpu')
    assert start(str(elsewhere.trained), *arguments) is not None
    with pytest.raises(FileNotFoundError, match=NEEDED):
        start(str(elsewhere.config), *arguments)


def test_what_was_built_unresolved_says_so(here: TrainedDemo) -> None:
    config = Config.fromfile(here.config)
    config.model.train_cfg.rpn.assigner.constant = 'auto'
    message = r"FasterRCNN\.train_cfg\.rpn\.assigner\.constant='auto'.*load_config.*work_dirs/NAME/NAME\.py"
    with pytest.raises(ValueError, match=message):
        MODELS.build(config.model)
    config.train_dataloader.dataset.metainfo = dict(classes='auto')
    with pytest.raises(ValueError, match=r"AITODDataset\.metainfo\.classes='auto'"):
        DATASETS.build(config.train_dataloader.dataset)


def test_reading_costs_nothing_without_auto(elsewhere: TrainedDemo) -> None:
    with resolved_when_read(options_follow=False):
        assert Config.fromfile(elsewhere.trained).model.type == 'FasterRCNN'
        with pytest.raises(FileNotFoundError, match=NEEDED):
            Config.fromfile(elsewhere.config)
    assert Config.fromfile(elsewhere.config).nwd_constant == 'auto'


def test_programs_that_merge_options_after_reading(elsewhere: TrainedDemo) -> None:
    with resolved_when_read(options_follow=True):
        config = Config.fromfile(elsewhere.config)
        config.merge_from_dict({'nwd_constant': 11})
    assert config.model.train_cfg.rpn.assigner.constant == 11


def test_wrapping_again_changes_nothing() -> None:
    before = mmdet.apis.init_detector, mmdet.apis.DetInferencer._init_model
    resolve_in_entry_points()
    assert before == (mmdet.apis.init_detector, mmdet.apis.DetInferencer._init_model)
    assert mmdet.apis.inference.init_detector is mmdet.apis.init_detector


def test_replacing_comes_to_an_end() -> None:
    with pytest.raises(KeyError), replaced(math, 'pi', 3):
        assert math.pi == 3
        raise KeyError
    assert round(math.pi, 2) == 3.14


def balanced(dataset: dict) -> dict:
    return dict(type='ClassBalancedDataset', oversample_thr=0.1, dataset=dataset)


def repeated(dataset: dict) -> dict:
    return dict(type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=[dataset, dataset]))


@pytest.mark.parametrize('wrap', [dict, balanced, repeated])
def test_sahi(wrap: Callable[[dict], dict], elsewhere: TrainedDemo, tmp_path: Path) -> None:
    """A picture of 300 × 260 px in slices of 128, with the config of the work folder, whatever its training set is."""
    sahi = pytest.importorskip('sahi')
    predict = pytest.importorskip('sahi.predict')
    image = np.tile(cv2.imread(str(elsewhere.image)), (3, 3, 1))[:260, :300]
    cv2.imwrite(str(tmp_path / 'large.png'), image)
    config = Config.fromfile(elsewhere.trained)
    config.train_dataloader.dataset = wrap(config.train_dataloader.dataset)
    config.dump(tmp_path / 'config.py')
    model = sahi.AutoDetectionModel.from_pretrained(
        model_type='mmdet',
        model_path=str(elsewhere.checkpoint),
        config_path=str(tmp_path / 'config.py'),
        confidence_threshold=0.0,
        device='cpu',
    )
    result = predict.get_sliced_prediction(
        str(tmp_path / 'large.png'), model, slice_height=128, slice_width=128, perform_standard_pred=False, verbose=0
    )
    boxes = np.array([found.bbox.to_xyxy() for found in result.object_prediction_list])
    assert len(boxes) > 50, 'of more than one slice'
    assert boxes[:, 2].max() > 256 and boxes[:, 3].max() > 200, 'in the coordinates of the whole image'
    assert (boxes[:, 2] <= 300).all() and (boxes[:, 3] <= 260).all()
    names = {found.category.name for found in result.object_prediction_list}
    assert names <= set(model.category_names) and 'ship' in model.category_names
