"""Which priors a detector's first stage trains on: its own generator, assigner and sampler on boxes, without images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.models.dense_heads import FCOSHead
from mmdet.models.dense_heads.anchor_head import AnchorHead
from mmdet.models.task_modules.assigners import ATSSAssigner
from mmdet.models.task_modules.prior_generators import anchor_inside_flags
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.datasets.input_boxes import ImageBoxes
from nwd_mmdet.dense_heads import DWHead, YOLOv5Head

#: In the place of an object: a prior trained as background, one that is neither.
NEGATIVE, IGNORED = -1, -2


@dataclass(frozen=True)
class PriorSamples:
    """The priors of one image, and what they are trained for. A prior of several objects stands here once for each.

    Attributes:
        priors: Shape [N, 4], xyxy in px; a point is a box of its stride around it.
        levels: Level of the pyramid, int64, shape [N].
        gt_inds: Object of each before sampling, int64, shape [N]; :data:`NEGATIVE`, or :data:`IGNORED` if it is neither
            positive nor negative.
        sampled: Which are trained on, bool, shape [N].
    """

    priors: Tensor
    levels: Tensor
    gt_inds: Tensor
    sampled: Tensor


class FirstStage:
    """The RPN of a two-stage detector, or the head of a one-stage one, built without a backbone or weights.

    Anchor heads with an assigner and a sampler (RPN, RetinaNet, SSD, ATSS and their kin), FCOS, dual weighting and
    YOLOv5. The R-CNN stages train on proposals, which only a trained model has.

    Args:
        cfg: With ``model`` and its ``train_cfg``.

    Raises:
        ValueError: A detector of another kind.
    """

    def __init__(self, cfg: Config) -> None:
        model = cfg.model
        self.name = 'rpn_head' if 'rpn_head' in model else 'bbox_head'
        settings, train_cfg = dict(model.get(self.name) or {}), model.get('train_cfg')
        if self.name == 'rpn_head':
            train_cfg = (train_cfg or {}).get('rpn')
            settings.setdefault('num_classes', 1)
        if not settings or isinstance(model.get('bbox_head'), (list, tuple)):
            raise ValueError(f'{model.get("type")} has neither an rpn_head nor one bbox_head, so no priors to look at')
        self.head = MODELS.build({**settings, 'train_cfg': train_cfg, 'test_cfg': None})
        anchors = isinstance(self.head, AnchorHead) and hasattr(self.head, 'assigner')
        if not anchors and not isinstance(self.head, (FCOSHead, DWHead, YOLOv5Head)):
            raise ValueError(
                f'the priors of a {settings["type"]} are not known here: anchor heads with an assigner, FCOSHead, '
                'DWHead and YOLOv5Head are'
            )
        self.divisor = (model.get('data_preprocessor') or {}).get('pad_size_divisor', 1)
        self.levels = len(self.head.prior_generator.strides)

    def sample(self, image: ImageBoxes) -> PriorSamples:
        """The priors of an image, assigned and sampled."""
        padded = [math.ceil(side / self.divisor) * self.divisor for side in image.shape]
        strides = self.head.prior_generator.strides
        sizes = [(math.ceil(padded[0] / y), math.ceil(padded[1] / x)) for x, y in strides]
        priors = self.head.prior_generator.grid_priors(sizes, device='cpu')
        if isinstance(self.head, (FCOSHead, DWHead)):
            boxes = [_around(points[:, :2], stride) for points, stride in zip(priors, strides)]
            match = self._points if isinstance(self.head, FCOSHead) else self._bags
            return match(boxes, priors, sizes, image)
        if isinstance(self.head, YOLOv5Head):
            return self._shapes(priors, sizes, image)
        return self._anchors(priors, sizes, padded, image)

    def _anchors(
        self, priors: list[Tensor], sizes: list[tuple[int, int]], padded: list[int], image: ImageBoxes
    ) -> PriorSamples:
        levels, flat = _levels(priors), torch.cat(priors)
        valid = torch.cat(self.head.prior_generator.valid_flags(sizes, padded, device='cpu'))
        inside = anchor_inside_flags(flat, valid, image.shape, self.head.train_cfg['allowed_border'])
        flat, levels = flat[inside], levels[inside]
        labels = torch.zeros_like(image.labels) if self.name == 'rpn_head' else image.labels
        gts, ignored = InstanceData(bboxes=image.boxes, labels=labels), InstanceData(bboxes=image.ignored)
        instances = InstanceData(priors=flat)
        arguments: list[Any] = [instances, gts, ignored]
        if isinstance(self.head.assigner, ATSSAssigner):
            arguments.insert(1, torch.bincount(levels, minlength=self.levels).tolist())
        assigned = self.head.assigner.assign(*arguments)
        gt_inds = assigned.gt_inds.clone()
        sampling = self.head.sampler.sample(assigned, instances, gts)
        sampled = torch.zeros(len(flat), dtype=torch.bool)
        sampled[sampling.pos_inds] = True
        sampled[sampling.neg_inds] = True
        # mmdet counts objects from 1, has 0 for negatives and -1 for the ignored.
        found = torch.where(gt_inds > 0, gt_inds - 1, torch.where(gt_inds == 0, NEGATIVE, IGNORED))
        return PriorSamples(flat, levels, found, sampled)

    def _points(
        self, boxes: list[Tensor], points: list[Tensor], sizes: list[tuple[int, int]], image: ImageBoxes
    ) -> PriorSamples:
        counts = [len(part) for part in points]
        ranges = [
            point.new_tensor(limits)[None].expand(len(point), 2)
            for point, limits in zip(points, self.head.regress_ranges)
        ]
        gts, flat = InstanceData(bboxes=image.boxes, labels=image.labels), torch.cat(points)
        labels, distances = self.head._get_targets_single(gts, flat, torch.cat(ranges), counts)
        found = torch.full((len(flat),), NEGATIVE)
        positive = (labels < self.head.num_classes).nonzero().squeeze(1)
        # The targets are the distances to the sides of the object, which tell which one it is.
        target = torch.cat([flat - distances[:, :2], flat + distances[:, 2:]], 1)[positive]
        if len(positive):
            found[positive] = torch.cdist(target, image.boxes, p=1).argmin(1)
        everything = torch.ones(len(flat), dtype=torch.bool)
        return PriorSamples(torch.cat(boxes), _levels(points), found, everything)

    def _bags(
        self, boxes: list[Tensor], points: list[Tensor], sizes: list[tuple[int, int]], image: ImageBoxes
    ) -> PriorSamples:
        pairs = self.head.assigner.candidates(sizes, self.head.prior_generator.strides, [image.boxes])
        return _paired(torch.cat(boxes), _levels(points), pairs.gt, pairs.point)

    def _shapes(self, priors: list[Tensor], sizes: list[tuple[int, int]], image: ImageBoxes) -> PriorSamples:
        gt_inds, prior_inds, start = [], [], 0
        generator = self.head.prior_generator
        for level, size in enumerate(sizes):
            anchors = generator.base_anchors[level]
            gt, prior = self.head.assigner.assign(
                image.boxes, anchors[:, 2:] - anchors[:, :2], generator.strides[level], size
            )
            gt_inds.append(gt)
            prior_inds.append(prior + start)
            start += len(priors[level])
        return _paired(torch.cat(priors), _levels(priors), torch.cat(gt_inds), torch.cat(prior_inds))


def _around(points: Tensor, stride: Sequence[float]) -> Tensor:
    """Boxes of a stride around points, shape [N, 4]."""
    half = points.new_tensor(stride) / 2
    return torch.cat([points - half, points + half], 1)


def _levels(parts: Sequence[Tensor]) -> Tensor:
    counts = torch.tensor([len(part) for part in parts])
    return torch.arange(len(parts)).repeat_interleave(counts)


def _paired(priors: Tensor, levels: Tensor, gt_inds: Tensor, prior_inds: Tensor) -> PriorSamples:
    """Every pair of an object and a prior, and the priors without an object as negatives."""
    alone = torch.ones(len(priors), dtype=torch.bool)
    alone[prior_inds] = False
    order = torch.cat([prior_inds, alone.nonzero().squeeze(1)])
    found = torch.cat([gt_inds, torch.full((int(alone.sum()),), NEGATIVE)])
    return PriorSamples(priors[order], levels[order], found, torch.ones(len(order), dtype=torch.bool))
