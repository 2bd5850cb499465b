"""How many positive priors does each object get, under a config's max-overlap assigner and any overlap?

The statistic of the NWD paper, section 4.1: 0.72, 0.71, 0.19, 0.19 and 1.05 positives per object of AI-TOD for IoU,
GIoU, DIoU, CIoU and NWD.
"""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.models.task_modules.assigners import BaseAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.registry import TASK_UTILS
from mmengine.config import Config
from mmengine.structures import InstanceData
from terminaltables import AsciiTable
from torch import Tensor
from tqdm import tqdm

from nwd_mmdet.analysis.first_stage import FirstStageConfig, PriorGrid
from nwd_mmdet.assigners import NWDAssigner
from nwd_mmdet.assigners.one_by_one_assigner import OneByOneAssigner
from nwd_mmdet.datasets.input_boxes import ImageBoxes
from nwd_mmdet.evaluation.coco_protocols import PROTOCOLS
from nwd_mmdet.overlaps import OVERLAPS, Constant
from nwd_mmdet.settings import type_name

# AI-TOD's bins by absolute size √(wh) in px: name → lower and upper limit; here an object on a limit is of the larger.
_BINS = {name: (math.sqrt(low), math.sqrt(high)) for name, (low, high) in PROTOCOLS['aitod'].sizes.items()}
_RULES = (
    *('pos_iou_thr', 'neg_iou_thr', 'min_pos_iou', 'gt_max_assign_all', 'match_low_quality'),
    *('ignore_iof_thr', 'ignore_wrt_candidates'),
)


@dataclass(frozen=True)
class Matching:
    """The priors of a detector and the rules by which it matches them to objects.

    Attributes:
        stage: What the config says about them.
        generator: Its anchor generator.
        rules: Thresholds and switches of its ``MaxIoUAssigner`` or ``NWDAssigner``.
        constant: C of its assigner; 12.8 where it has none.
    """

    stage: FirstStageConfig
    generator: AnchorGenerator
    rules: dict[str, Any]
    constant: Constant

    @classmethod
    def from_config(cls, cfg: Config, anchor_scale: float | None = None) -> 'Matching':
        """Read the RPN of a config, or the head of a one-stage detector.

        Args:
            cfg: With ``model``.
            anchor_scale: Side of the anchors as a multiple of the stride, in place of the config's scales.

        Raises:
            ValueError: A model whose priors are no anchors, or whose assigner is not a max-overlap one.
        """
        stage = FirstStageConfig.of(cfg)
        settings = dict(stage.head.get('anchor_generator') or {})
        if anchor_scale is not None and 'scales' in settings:
            settings['scales'] = [anchor_scale]
        generator = TASK_UTILS.build(settings) if settings else None
        if not isinstance(generator, AnchorGenerator) or (anchor_scale is not None and 'scales' not in settings):
            missing = 'an anchor_generator' if anchor_scale is None else 'an anchor_generator with scales'
            raise ValueError(
                f'model.{stage.name} of type {stage.head.get("type")} has not {missing}: positives are counted for the '
                'anchors of an RPN or a one-stage head, not for points, queries or the proposals of a second stage'
            )
        assigner = stage.train_cfg.get('assigner') or {}
        name = type_name(assigner)
        if name not in ('MaxIoUAssigner', 'NWDAssigner'):
            raise ValueError(
                f'the assigner of model.{stage.name} is {name}: positives are counted by the rules of MaxIoUAssigner '
                "or NWDAssigner; use such a detector's config, e.g. Faster R-CNN's"
            )
        constant = assigner.get('constant', (assigner.get('iou_calculator') or {}).get('constant', 12.8))
        return cls(stage, generator, {key: assigner[key] for key in _RULES if key in assigner}, constant)

    @property
    def smallest_anchor(self) -> float:
        """Absolute size √(wh) of the smallest anchor in px."""
        return min((base[:, 2:] - base[:, :2]).prod(1).min().sqrt().item() for base in self.generator.base_anchors)

    def assigner(self, overlap: str, constant: Constant) -> BaseAssigner:
        """An assigner with these rules.

        Args:
            overlap: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`.
            constant: For the overlaps that have one.
        """
        if overlap == 'nwd':
            return NWDAssigner(**self.rules, constant=constant)
        params = {'constant': constant} if 'constant' in inspect.signature(OVERLAPS[overlap]).parameters else {}
        return OneByOneAssigner(overlap, params, **self.rules)

    def priors(self, shape: tuple[int, int]) -> Tensor:
        """The priors of an image, shape [N, 4], xyxy in network-input px.

        Args:
            shape: Height and width of the image in px, before padding.
        """
        grid = PriorGrid(self.generator, shape, self.stage.size_divisor)
        return grid.priors[grid.inside(self.stage.train_cfg.get('allowed_border', -1))]


@dataclass(frozen=True)
class PositiveCounts:
    """Positive priors per object.

    Attributes:
        counts: Shape [G], int64.
        sizes: Shape [G]: absolute sizes √(wh) in px of the original images, by which evaluation bins objects as well.
    """

    counts: Tensor
    sizes: Tensor

    def by_size(self) -> dict[str, dict[str, float | None]]:
        """``objects``, ``positives`` (mean per object) and ``without`` (share of objects with none), all and by bin.

        The latter two are None in a bin without objects.
        """
        everything = torch.ones_like(self.counts, dtype=torch.bool)
        bins = {name: (self.sizes >= low) & (self.sizes < high) for name, (low, high) in _BINS.items()}
        return {name: _summary(self.counts[rows]) for name, rows in {'all': everything, **bins}.items()}


def count_positives(
    images: Sequence[ImageBoxes], matching: Matching, overlaps: Sequence[str], constant: Constant | None = None
) -> dict[str, PositiveCounts]:
    """Assign the objects of every image to its priors, with each overlap, and count.

    Args:
        images: Objects in network-input px.
        matching: Priors and rules of a detector.
        overlaps: Keys of :data:`nwd_mmdet.overlaps.OVERLAPS`.
        constant: C of NWD; None takes that of ``matching``.

    Returns:
        Overlap → counts, before any sampling.
    """
    constant = matching.constant if constant is None else constant
    assigners = {overlap: matching.assigner(overlap, constant) for overlap in overlaps}
    counts: dict[str, list[Tensor]] = {overlap: [torch.zeros(0, dtype=torch.long)] for overlap in overlaps}
    for image in tqdm(images, f'anchors from {matching.smallest_anchor:g} px', unit='img', delay=2):
        if not len(image.boxes):
            continue
        priors = InstanceData(priors=matching.priors(image.shape))
        labels = matching.stage.training_labels(image.labels)
        gts, ignored = InstanceData(bboxes=image.boxes, labels=labels), InstanceData(bboxes=image.ignored)
        for overlap, assigner in assigners.items():
            gt_inds = assigner.assign(priors, gts, ignored).gt_inds
            counts[overlap].append(torch.bincount(gt_inds[gt_inds > 0] - 1, minlength=len(image.boxes)))
    sizes = torch.cat([torch.zeros(0), *(image.original_sizes for image in images)])
    return {overlap: PositiveCounts(torch.cat(parts), sizes) for overlap, parts in counts.items()}


def table(counts: dict[str, PositiveCounts], title: str) -> str:
    """Mean positives per object, and in brackets the share of objects without any, by overlap and size."""
    summaries = {overlap: part.by_size() for overlap, part in counts.items()}
    (first, *_) = summaries.values()
    rows = [['overlap', *first], ['objects', *(f'{part["objects"]:,}' for part in first.values())]]
    for overlap, summary in summaries.items():
        pairs = [(part['positives'], part['without']) for part in summary.values()]
        rows.append([overlap, *('-' if mean is None else f'{mean:.2f} ({without:.0%})' for mean, without in pairs)])
    return AsciiTable(rows, title).table


def to_json(counts: Mapping[float, Mapping[str, PositiveCounts]]) -> list[dict[str, Any]]:
    """One entry for each smallest anchor in px and each overlap, ready for ``json.dump``."""
    return [
        {'smallest_anchor': anchor, 'overlap': overlap, **part.by_size()}
        for anchor, by_overlap in counts.items()
        for overlap, part in by_overlap.items()
    ]


def _summary(counts: Tensor) -> dict[str, float | None]:
    mean, without = (part.double().mean().item() if len(counts) else None for part in (counts, counts == 0))
    return {'objects': len(counts), 'positives': mean, 'without': without}
