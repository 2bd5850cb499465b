"""Which priors a detector's first stage trains on: its own generator, assigner and sampler on boxes, without images."""

from dataclasses import dataclass
from typing import Any

import torch
from mmdet.models.dense_heads import FCOSHead
from mmdet.models.dense_heads.anchor_head import AnchorHead
from mmdet.models.task_modules.assigners import ATSSAssigner
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.analysis.first_stage import FirstStageConfig, PriorGrid
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
        self.config = config = FirstStageConfig.of(cfg)
        self.name = config.name
        if not config.head:
            kind = cfg.get('model', {}).get('type')
            raise ValueError(f'{kind} has neither an rpn_head nor one bbox_head, so no priors to look at')
        self.head = MODELS.build({**config.head, 'train_cfg': config.train_cfg or None, 'test_cfg': None})
        methods = {FCOSHead: self._points, DWHead: self._bags, YOLOv5Head: self._shapes, AnchorHead: self._anchors}
        method = next((method for kind, method in methods.items() if isinstance(self.head, kind)), None)
        needed = ('assigner', 'prior_generator') if method == self._anchors else ()
        if method is None or not all(hasattr(self.head, name) for name in needed):
            raise ValueError(
                f'the priors of a {config.head["type"]} are not known here: anchor heads with an assigner, FCOSHead, '
                'DWHead and YOLOv5Head are'
            )
        self._samples_on = method
        self.levels = len(self.head.prior_generator.strides)

    def sample(self, image: ImageBoxes) -> PriorSamples:
        """The priors of an image, assigned and sampled."""
        return self._samples_on(PriorGrid(self.head.prior_generator, image.shape, self.config.size_divisor), image)

    def _anchors(self, grid: PriorGrid, image: ImageBoxes) -> PriorSamples:
        inside = grid.inside(self.head.train_cfg['allowed_border'])
        priors, levels = InstanceData(priors=grid.priors[inside]), grid.levels[inside]
        gts = InstanceData(bboxes=image.boxes, labels=self.config.training_labels(image.labels))
        arguments: list[Any] = [priors, gts, InstanceData(bboxes=image.ignored)]
        if isinstance(self.head.assigner, ATSSAssigner):
            arguments.insert(1, torch.bincount(levels, minlength=self.levels).tolist())
        assigned = self.head.assigner.assign(*arguments)
        # mmdet counts objects from 1, has 0 for negatives and -1 for the ignored.
        inds = assigned.gt_inds
        gt_inds = torch.where(inds > 0, inds - 1, torch.where(inds == 0, NEGATIVE, IGNORED))
        sampling = self.head.sampler.sample(assigned, priors, gts)
        sampled = torch.zeros(len(levels), dtype=torch.bool)
        sampled[sampling.pos_inds] = True
        sampled[sampling.neg_inds] = True
        return PriorSamples(priors.priors, levels, gt_inds, sampled)

    def _points(self, grid: PriorGrid, image: ImageBoxes) -> PriorSamples:
        ranges = grid.priors.new_tensor(self.head.regress_ranges)[grid.levels]
        gts = InstanceData(bboxes=image.boxes, labels=image.labels)
        counts = [len(part) for part in grid.by_level]
        labels, distances = self.head._get_targets_single(gts, grid.priors, ranges, counts)
        found = torch.full((len(labels),), NEGATIVE)
        positive = (labels < self.head.num_classes).nonzero().squeeze(1)
        # The targets are the distances to the sides of the object, and so say which one it is.
        target = torch.cat([grid.priors - distances[:, :2], grid.priors + distances[:, 2:]], 1)[positive]
        if len(positive):
            found[positive] = torch.cdist(target, image.boxes, p=1).argmin(1)
        return PriorSamples(self._around(grid), grid.levels, found, torch.ones_like(found, dtype=torch.bool))

    def _bags(self, grid: PriorGrid, image: ImageBoxes) -> PriorSamples:
        pairs = self.head.assigner.candidates(grid.sizes, self.head.prior_generator.strides, [image.boxes])
        return _paired(self._around(grid), grid.levels, pairs.gt, pairs.point)

    def _around(self, grid: PriorGrid) -> Tensor:
        """Boxes of their stride around the points of a grid, shape [N, 4]."""
        half = grid.priors.new_tensor(self.head.prior_generator.strides)[grid.levels] / 2
        return torch.cat([grid.priors - half, grid.priors + half], 1)

    def _shapes(self, grid: PriorGrid, image: ImageBoxes) -> PriorSamples:
        generator, start, pairs = self.head.prior_generator, 0, []
        for anchors, stride, size, priors in zip(
            generator.base_anchors, generator.strides, grid.sizes, grid.by_level, strict=True
        ):
            gt, prior = self.head.assigner.assign(image.boxes, anchors[:, 2:] - anchors[:, :2], stride, size)
            pairs.append(torch.stack([gt, prior + start]))
            start += len(priors)
        return _paired(grid.priors, grid.levels, *torch.cat(pairs, 1))


def _paired(priors: Tensor, levels: Tensor, gt_inds: Tensor, prior_inds: Tensor) -> PriorSamples:
    """Every pair of an object and a prior, and the priors without an object as negatives."""
    alone = torch.ones(len(priors), dtype=torch.bool)
    alone[prior_inds] = False
    order = torch.cat([prior_inds, alone.nonzero().squeeze(1)])
    found = torch.cat([gt_inds, torch.full((int(alone.sum()),), NEGATIVE)])
    return PriorSamples(priors[order], levels[order], found, torch.ones(len(order), dtype=torch.bool))
