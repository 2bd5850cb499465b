"""The first stage of a detector, an RPN or a one-stage head, as its config has it: without backbone or weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.models.task_modules.prior_generators import AnchorGenerator, MlvlPointGenerator, anchor_inside_flags
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor


@dataclass(frozen=True)
class FirstStageConfig:
    """What a config says about the first stage.

    Attributes:
        name: ``'rpn_head'``, or ``'bbox_head'`` of a one-stage detector.
        head: Settings of the head; empty where there is none, or several.
        train_cfg: Its part of ``model.train_cfg``, with assigner and sampler; empty where there is none.
        size_divisor: Images are padded to a multiple of it, in px.
    """

    name: str
    head: dict[str, Any]
    train_cfg: dict[str, Any]
    size_divisor: int

    @classmethod
    def of(cls, cfg: Config) -> 'FirstStageConfig':
        """Read a config with ``model``; its scope becomes the default one, to build from it."""
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        model = cfg.get('model', {})
        name = 'rpn_head' if 'rpn_head' in model else 'bbox_head'
        head, train_cfg = model.get(name), model.get('train_cfg') or {}
        head = dict(head) if isinstance(head, dict) else {}
        if name == 'rpn_head':
            head.setdefault('num_classes', 1)
            train_cfg = train_cfg.get('rpn') or {}
        return cls(name, head, train_cfg, (model.get('data_preprocessor') or {}).get('pad_size_divisor', 1))

    def training_labels(self, labels: Tensor) -> Tensor:
        """The labels of objects, shape [K], as the stage gets them: an RPN does not know the classes, all are 0."""
        return torch.zeros_like(labels) if self.name == 'rpn_head' else labels


class PriorGrid:
    """The priors of an image.

    Args:
        generator: The head's.
        shape: Height and width of the image in px, before padding.
        size_divisor: The image is padded to a multiple of it, in px.

    Attributes:
        shape: As given.
        sizes: Height and width of the feature map of each level.
        by_level: Priors of each level: boxes, xyxy in px, shape [N_l, 4], or points, x, y in px, shape [N_l, 2].
        priors: All of them, shape [N, 4] or [N, 2].
        levels: The level of each, int64, shape [N].
    """

    def __init__(
        self, generator: AnchorGenerator | MlvlPointGenerator, shape: tuple[int, int], size_divisor: int
    ) -> None:
        self._generator, self.shape = generator, shape
        self._padded = [math.ceil(side / size_divisor) * size_divisor for side in shape]
        self.sizes = [(math.ceil(self._padded[0] / y), math.ceil(self._padded[1] / x)) for x, y in generator.strides]
        self.by_level: Sequence[Tensor] = generator.grid_priors(self.sizes, device='cpu')
        self.priors = torch.cat(list(self.by_level))
        counts = torch.tensor([len(part) for part in self.by_level])
        self.levels = torch.arange(len(counts)).repeat_interleave(counts)

    def inside(self, allowed_border: int) -> Tensor:
        """Which boxes lie inside the image, bool, shape [N].

        Args:
            allowed_border: How far in px a box may reach beyond the image; if negative, as far as the padding goes.
        """
        valid = torch.cat(self._generator.valid_flags(self.sizes, self._padded, device='cpu'))
        return anchor_inside_flags(self.priors, valid, self.shape, allowed_border)
