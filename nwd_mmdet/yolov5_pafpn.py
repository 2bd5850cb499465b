"""The neck of YOLOv5."""

from typing import Any

from mmdet.models.necks import YOLOXPAFPN
from mmdet.registry import MODELS
from torch import nn


@MODELS.register_module()
class YOLOv5PAFPN(YOLOXPAFPN):
    """Path aggregation of YOLOv5 v4.0: that of YOLOX without the last 1 x 1 convolutions.

    The outputs have as many channels as the inputs.

    Args:
        in_channels: Channels of the inputs, from the finest map on.
        **kwargs: As mmdet's ``YOLOXPAFPN``, without ``out_channels``.
    """

    def __init__(self, in_channels: list[int], **kwargs: Any) -> None:
        super().__init__(in_channels, out_channels=in_channels[0], **kwargs)
        self.out_channels = in_channels
        self.out_convs = nn.ModuleList()
