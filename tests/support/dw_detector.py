"""The small dual weighting detector, as it starts."""

import torch
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config

CONFIG = ROOT / 'configs' / 'dw' / 'dw_r18-small_fpn_worefine_synthetic.py'


def build_detector() -> torch.nn.Module:
    """With drawn weights, the same each time, for inference."""
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(CONFIG).model)
    model.init_weights()
    return model.eval()
