"""mmdet's SSD head, mended."""

from typing import Any

from mmdet.models.dense_heads import SSDHead
from mmdet.registry import MODELS


@MODELS.register_module()
class PredictingSSDHead(SSDHead):
    """mmdet's SSD head, able to predict: since mmdet 3.3 prediction asks for a ``loss_cls``, which that head lacks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not hasattr(self, 'loss_cls'):
            self.loss_cls = None
