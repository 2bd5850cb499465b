"""Settings that a detector never reads."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.registry import MODELS as ROOT_MODELS

from nwd_mmdet.config import read_config
from nwd_mmdet.settings import dicts_in, type_name

NWD = dict(type='NWDAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4)
IOU = dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4)


def build(name: str, registry: object = MODELS, **changes: object) -> torch.nn.Module:
    register_all_modules()
    config: Config = read_config(f'mmdet::{name}.py')
    config.merge_from_dict({f'model.{key}': value for key, value in changes.items()})
    with torch.device('meta'):
        return registry.build(config.model)


@pytest.mark.parametrize('registry', [MODELS, ROOT_MODELS], ids=['mmdet', "mmengine's Runner"])
@pytest.mark.parametrize('assigner', [NWD, dict(IOU, iou_calculator=dict(type='OverlapCalculator'))])
def test_an_assigner_that_fcos_does_not_read_is_refused(assigner: dict, registry: object) -> None:
    with pytest.raises(ValueError, match=r'^model\.train_cfg\.assigner of type .*Assigner is read by no part of FCOS'):
        build('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco', registry, train_cfg=dict(assigner=assigner))


def test_what_mmdet_carries_along_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr('nwd_mmdet.settings.print_log', lambda message, **_: said.append(message))
    build('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco', train_cfg=dict(assigner=IOU))
    assert len(said) == 1 and 'model.train_cfg.assigner of type MaxIoUAssigner' in said[0]


@pytest.mark.parametrize(
    ('name', 'changes'),
    [
        ('retinanet/retinanet_r50_fpn_1x_coco', {'train_cfg.assigner': dict(NWD, _delete_=True)}),
        ('faster_rcnn/faster-rcnn_r50_fpn_1x_coco', {'train_cfg.rpn.assigner.type': 'NWDAssigner'}),
        ('cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco', {'train_cfg.rcnn.2.assigner.type': 'NWDAssigner'}),
        ('libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco', {}),  # a sampler of samplers
        ('detr/detr_r50_8xb2-150e_coco', {}),  # an assigner of costs
        ('tood/tood_r50_fpn_1x_coco', {}),  # two assigners
        ('reppoints/reppoints-moment_r50_fpn_1x_coco', {}),
    ],
)
def test_what_is_read_is_silent(name: str, changes: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('nwd_mmdet.settings.print_log', lambda message, **_: pytest.fail(message))
    assert build(name, **changes) is not None


@pytest.mark.parametrize('registry', [MODELS, ROOT_MODELS], ids=['mmdet', "mmengine's Runner"])
@pytest.mark.parametrize(
    ('changes', 'place'),
    [
        ({'train_cfg.assigner': dict(NWD, constant='auto', _delete_=True)}, 'RetinaNet.train_cfg.assigner.constant'),
        ({'bbox_head.num_classes': 'auto'}, 'RetinaNet.bbox_head.num_classes'),
    ],
)
def test_an_auto_is_not_built(changes: dict, place: str, registry: object) -> None:
    with pytest.raises(ValueError, match=rf"^{place}='auto' is built before .*load_config.*work_dirs/NAME/NAME\.py"):
        build('retinanet/retinanet_r50_fpn_1x_coco', registry, **changes)


def test_walking_through_settings() -> None:
    settings = dict(a=[dict(type='mmdet.X', inner=dict(b=1)), 3], c=dict(type=dict))
    assert [path for path, _ in dicts_in(settings, 'model')] == ['model', 'model.a.0', 'model.a.0.inner', 'model.c']
    assert [path for path, _ in dicts_in(settings, ends=lambda part: 'inner' in part)] == ['', '.a.0', '.c']
    assert [type_name(part) for _, part in dicts_in(settings)] == ['None', 'X', 'None', 'dict']
