"""VisDroneMetric: its two protocols."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from visdrone_data import write_converted

from nwd_mmdet.datasets.visdrone import CLASSES
from nwd_mmdet.evaluation import VisDroneMetric


@pytest.mark.parametrize('protocol', ['papers', 'official'])
def test_metric_names_its_protocol(protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr('nwd_mmdet.evaluation.box_metric.print_log', lambda text, **kwargs: lines.append(text))
    path = write_converted(tmp_path, 'visdrone_val.json')
    metric = METRICS.build(dict(type='VisDroneMetric', ann_file=str(path), protocol=protocol, classwise=True))
    metric.dataset_meta = {'classes': CLASSES}
    for image in (1, 2, 3):
        prediction = {'bboxes': np.array([[10.0, 20, 40, 60]]), 'scores': np.array([0.9]), 'labels': np.array([3])}
        tensors = {key: torch.from_numpy(value) for key, value in prediction.items()}
        metric.process({}, [{'img_id': image, 'pred_instances': tensors}])
    result = metric.evaluate(3)
    assert result['visdrone/AP_50'] > 0 and ('visdrone/AR_500' in result) == (protocol == 'official')
    assert ('visdrone-official' if protocol == 'official' else 'visdrone,') in '\n'.join(lines)


def test_metric_refuses() -> None:
    with pytest.raises(ValueError, match="protocol='challenge' must be"):
        VisDroneMetric(protocol='challenge')
    with pytest.raises(ValueError, match="'official' needs ann_file"):
        VisDroneMetric(protocol='official')
