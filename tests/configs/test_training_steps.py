"""One training step is taken with each family of detectors, on drawn images, and one test step."""

import math
from pathlib import Path

import pytest
import torch
from detector_families import STEPPED, build_family
from detectors import DEMO, batch, read
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules


@pytest.mark.parametrize('name', STEPPED, ids=lambda name: name.partition('/')[2])
def test_training_step(name: str) -> None:
    side, _, regressing = STEPPED[name]
    num_classes = 1 if name.endswith('sirst') else 8
    model = build_family(name)
    for without_objects in (0, 1, 2):
        model.zero_grad()
        data = model.data_preprocessor(batch(2, without_objects, side, num_classes), training=True)
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
        assert math.isfinite(loss.item()) and (loss.item() > 0 or without_objects == 2)
        gradients = {key: weight.grad for key, weight in model.named_parameters() if weight.grad is not None}
        assert all(gradient.isfinite().all() for gradient in gradients.values())
        for key in regressing if without_objects < 2 else ():
            assert gradients[key].any(), f'nothing reaches {key}, {without_objects} of 2 images without objects'


@pytest.mark.parametrize('nms', [dict(type='nms', iou_threshold=0.5), dict(type='nwd_nms', iou_threshold=0.5)])
def test_detections_come_out(nms: dict) -> None:
    config = read(DEMO)
    config.model.test_cfg.rcnn.update(score_thr=0.0, nms=nms)
    register_all_modules()
    model = MODELS.build(config.model).eval()
    with torch.no_grad():
        results = model.test_step(batch(2))
    for result in results:
        assert len(result.pred_instances.scores) == 300
        assert result.pred_instances.bboxes.isfinite().all()


def test_tridentnet_takes_the_weights_of_a_resnet(tmp_path: Path) -> None:
    """Its own convolutions are not initialised, and have to come from the checkpoint."""
    config = read('nwd/tridentnet_r50-caffe_1x_aitod')
    assert config.model.backbone.init_cfg.checkpoint.endswith('resnet50_caffe')
    resnet = dict(type='ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
    register_all_modules()
    weights = MODELS.build(resnet).state_dict()
    torch.save(weights, tmp_path / 'resnet50.pth')
    config.model.backbone.init_cfg.checkpoint = str(tmp_path / 'resnet50.pth')
    backbone = MODELS.build(config.model.backbone)
    backbone.init_weights()
    assert backbone.state_dict().keys() == weights.keys()
    for name, weight in backbone.state_dict().items():
        assert torch.equal(weight, weights[name]), name
