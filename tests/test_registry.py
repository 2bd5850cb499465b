"""The scope of configs that are inherited from ``nwd_mmdet::``."""

import mmdet.registry
from mmengine.config import Config
from mmengine.registry import DefaultScope

from nwd_mmdet.registry import REGISTRIES


def test_every_registry_of_mmdet_has_one_below_that_finds_the_same() -> None:
    assert {'MODELS', 'TASK_UTILS', 'DATASETS', 'LOOPS', 'HOOKS', 'METRICS', 'DATA_SAMPLERS'} <= set(REGISTRIES)
    for name, kind in (('TASK_UTILS', 'NWDAssigner'), ('MODELS', 'ResNet'), ('MODELS', 'Conv2d'), ('LOOPS', 'ValLoop')):
        assert REGISTRIES[name].get(kind) is getattr(mmdet.registry, name).get(kind) is not None


def test_what_is_marked_with_the_scope_is_built() -> None:
    config = Config.fromstring("_base_ = 'nwd_mmdet::nwd/faster-rcnn_r50_fpn_assign-nwd_1x_aitod.py'\n", '.py')
    marked = dict(config.model.train_cfg.rpn.assigner, _scope_='nwd_mmdet')
    with DefaultScope.overwrite_default_scope('mmdet'):
        assigner = mmdet.registry.TASK_UTILS.build(marked)
        calculator = dict(type='OverlapCalculator', _scope_='nwd_mmdet')
        inner = mmdet.registry.TASK_UTILS.build(dict(type='ATSSAssigner', topk=9, iou_calculator=calculator))
    assert type(assigner).__name__ == 'NWDAssigner' and assigner.constant == 12.8
    assert type(inner.iou_calculator).__name__ == 'OverlapCalculator'
