"""The box losses of a detector: what each head hands them, and how it gets another."""

import inspect
from dataclasses import dataclass
from typing import Any

from mmdet.registry import MODELS

from nwd_mmdet.enabling.detector import Detector, class_names
from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.places import Change, Left, Places, instead_of
from nwd_mmdet.settings import type_name

_PIXELS, _STRIDES, _DELTAS, _NEITHER = (
    'boxes in px',
    'boxes in strides',
    'deltas, or boxes in px if told so',
    'no boxes',
)
# Losses on deltas that one on boxes can take the place of.
_DELTA_LOSSES = ('L1Loss', 'SmoothL1Loss', 'BalancedL1Loss')
# Weight of a loss 1 - overlap. RPN and R-CNN divide it by all samples: that of the released NWD, and of mmdet's
# faster-rcnn_r50_fpn_{iou,giou}_1x. Dense heads divide it by the positives: that of mmdet's ATSS, GFL and TOOD.
_WEIGHT_OVER_SAMPLES, _WEIGHT_OVER_POSITIVES = 10.0, 2.0


@dataclass(frozen=True)
class _Head:
    """What a head hands its box losses, as read in mmdet's code.

    Attributes:
        hands: One of the four above.
        keys: The losses, by their names in the head's settings.
        reason: Why it has none, if it hands none any boxes.
    """

    hands: str
    keys: tuple[str, ...] = ('loss_bbox',)
    reason: str = ''


def _none(reason: str) -> _Head:
    return _Head(_NEITHER, (), reason)


# Class → head; a class without an entry is as what it inherits from.
_HEADS = {
    # one and two stages on anchors or proposals
    'AnchorHead': _Head(_DELTAS),
    'BBoxHead': _Head(_DELTAS),
    'DIIHead': _Head(_PIXELS, ('loss_iou',)),
    'FSAFHead': _Head(_PIXELS),
    'YOLOFHead': _Head(_PIXELS),
    'ATSSHead': _Head(_PIXELS),
    'DDODHead': _Head(_PIXELS),
    'VFNetHead': _Head(_PIXELS, ('loss_bbox', 'loss_bbox_refine')),
    'GFLHead': _Head(_STRIDES),
    'TOODHead': _Head(_STRIDES),
    # on points
    'FCOSHead': _Head(_PIXELS),
    'CenterNetUpdateHead': _Head(_STRIDES),
    'RTMDetHead': _Head(_PIXELS),
    'YOLOXHead': _Head(_PIXELS),
    'DWHead': _Head(_PIXELS),
    'YOLOv5Head': _Head(_PIXELS),
    # on queries
    'DETRHead': _Head(_PIXELS, ('loss_iou',)),
    # none on boxes
    'CenterNetHead': _none('learns sizes and offsets, each with a loss of its own'),
    'CornerHead': _none('learns offsets of corners'),
    'FoveaHead': _none('hands loss_bbox logarithms of distances'),
    'FreeAnchorRetinaHead': _none('turns loss_bbox on deltas into probabilities'),
    'MultiInstanceBBoxHead': _none('adds loss_bbox on deltas to that of the classes'),
    'PISARetinaHead': _none('hands loss_bbox deltas, also with reg_decoded_bbox'),
    'RepPointsHead': _none('hands its losses boxes in parts of the anchor size of each level'),
    'SABLHead': _none('learns buckets and offsets of the sides'),
    'SABLRetinaHead': _none('learns buckets and offsets of the sides'),
    'SSDHead': _none('computes smooth L1 on deltas itself and has no loss module'),
    'YOLOV3Head': _none('learns centres and sizes, each with a loss of its own'),
}


def loss_places(detector: Detector, metric: Metric) -> Places:
    """What to change in each box loss of a detector.

    Args:
        detector: Whose settings are looked at.
        metric: What is to be regressed by.

    Yields:
        Changes, and what is left with the reason.
    """
    places = 0
    for path, part in detector.settings_in():
        head = next((_HEADS[name] for name in class_names(part) if name in _HEADS), None)
        if head is None:
            continue
        places += 1
        if head.reason:
            yield Left('loss', f'{detector.path}.{path}', f'{type_name(part)} {head.reason}')
        for key in head.keys:
            yield _loss_place(detector, path, part, head, key, metric)
    if not places:
        yield Left('loss', detector.name, 'has no head whose box loss is known')


def _loss_place(
    detector: Detector, path: str, part: dict[str, Any], head: _Head, key: str, metric: Metric
) -> Change | Left:
    place, kind = f'{detector.path}.{path}', type_name(part)
    loss = _current_loss(part, key)
    old, new = type_name(loss), metric.loss()
    if old == new['type'] and loss.get('metric') == new.get('metric'):
        return Left('loss', f'{place}.{key}', f'compares by {metric.name} already', done=True)
    hands = _STRIDES if part.get('norm_on_bbox') else head.hands  # FCOS has it
    if hands == _STRIDES and metric.in_pixels:
        reason = f'{kind} hands it boxes in strides, so that C in px would be another size on every level'
        return Left('loss', f'{place}.{key}', reason)
    if hands == _DELTAS and (bound := _bound_to_deltas(detector, path, part, old)):
        return Left('loss', f'{place}.{key}', bound)
    named = new['type'] if new['type'] == 'NWDLoss' else f'OverlapLoss({metric.name})'
    if old in _DELTA_LOSSES:
        new['loss_weight'] = weight = _weight(path, part)
        after = f'{named} on boxes, weight {weight:g}'
    else:
        after = f'{named}, weight {loss.get("loss_weight", 1.0):g} as before'
    settings: dict[str, Any] = {} if hands != _DELTAS or part.get('reg_decoded_bbox') else {'reg_decoded_bbox': True}
    kept = {name: loss[name] for name in ('loss_weight', 'reduction') if name in loss}
    settings[key] = instead_of(part.get(key), new | kept | new)
    return Change('loss', place, settings, old + (' on deltas' if old in _DELTA_LOSSES else ''), after, key)


def _current_loss(part: dict[str, Any], key: str) -> dict[str, Any]:
    """Settings of a loss: those given, or the head's default."""
    if key in part:
        return dict(part[key])
    kinds = MODELS.module_dict[type_name(part)].__mro__
    parameters = (inspect.signature(kind.__init__).parameters.get(key) for kind in kinds)
    return dict(next(parameter.default for parameter in parameters if parameter is not None))


def _bound_to_deltas(detector: Detector, path: str, part: dict[str, Any], loss: str) -> str | None:
    """Why a head that could regress boxes has to regress deltas."""
    if not part.get('with_reg', True):
        return f'{type_name(part)} predicts no boxes (with_reg=False)'
    if path.startswith('roi_head') and detector.is_a('roi_head', 'DynamicRoIHead'):
        return f'DynamicRoIHead adapts the beta of {loss} on deltas'
    if path.startswith('roi_head') and 'carl' in (detector.settings['train_cfg'].get('rcnn') or {}):
        return 'PISARoIHead weighs the classes by the loss on deltas'
    if loss not in _DELTA_LOSSES and not part.get('reg_decoded_bbox'):
        return f'{loss} is made for deltas'
    return None


def _weight(path: str, part: dict[str, Any]) -> float:
    over_samples = path.startswith('roi_head') or 'RPNHead' in class_names(part) or 'GARPNHead' in class_names(part)
    return _WEIGHT_OVER_SAMPLES if over_samples else _WEIGHT_OVER_POSITIVES
