"""The assigners of a detector, and how each takes another overlap."""

import inspect
from typing import Any

from mmengine.config import ConfigDict

from nwd_mmdet.assigners import NWDAssigner
from nwd_mmdet.enabling.detector import Detector
from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.places import Change, Left, Places, instead_of, plain
from nwd_mmdet.settings import dicts_in, task_util, type_name

# Assigners that take an iou_calculator and ask it for intersection over foreground alone.
_FOREGROUND_ALONE = ('CenterRegionAssigner',)
# Assigners that an overlap below 0 does no harm; others take a logarithm or a power of it.
_BEAR_BELOW_ZERO = ('MaxIoUAssigner', 'ApproxMaxIoUAssigner', 'GridAssigner', 'UniformAssigner', 'ATSSAssigner')
# Heads that build the assigner of their settings, as their parents do, and never ask it.
_NEVER_ASK = {'FreeAnchorRetinaHead': 'makes bags of the anchors with the best IoU in its own code'}
# How heads assign that have no assigner.
_WITHOUT_ASSIGNER = {
    'AutoAssignHead': 'learns where in each box the positives are',
    'CenterNetHead': 'assigns by its heat map of centres',
    'CenterNetUpdateHead': 'assigns by its heat map and by sizes',
    'CornerHead': 'assigns by its heat maps of corners',
    'FCOSHead': 'takes the points inside a box, on the level for its size',
    'FoveaHead': 'takes the points in the middle of a box, on the level for its size',
}


def assigner_places(detector: Detector, metric: Metric) -> Places:
    """What to change in each assigner of a detector.

    Args:
        detector: Whose settings are looked at.
        metric: What is to decide.

    Yields:
        Changes, and what is left with the reason.
    """
    unread, places = detector.unread, 0
    for path, part in detector.settings_in():
        if task_util(part) is None or not type_name(part).endswith('Assigner'):
            continue
        places += 1
        place: Change | Left | None = _never_asked(detector, path)
        if path in unread:
            place = Left('assign', f'{detector.path}.{path}', f'{detector.name} never reads it')
        yield place or _assigner_place(detector, path, part, metric)
    if not places:
        how = [_WITHOUT_ASSIGNER[name] for name in detector.head_classes if name in _WITHOUT_ASSIGNER]
        yield Left('assign', detector.name, f'{how[0]}, and has no assigner' if how else 'has no assigner')


def _never_asked(detector: Detector, path: str) -> Left | None:
    name = next((name for name in detector.head_classes if name in _NEVER_ASK), None)
    return None if name is None else Left('assign', f'{detector.path}.{path}', f'{name} {_NEVER_ASK[name]}')


def _assigner_place(detector: Detector, path: str, part: dict[str, Any], metric: Metric) -> Change | Left:
    place, kind = f'{detector.path}.{path}', type_name(part)
    if 'match_costs' in part:
        return _matching(place, part, metric)
    if _overlap_of(part) == metric.name:
        return Left('assign', place, f'compares by {metric.name} already', done=True)
    if _takes(part, 'overlap'):  # assigners of this package
        own = {} if metric.has_knob or not metric.in_pixels else {'constant': metric.constant}
        params = instead_of(part.get('overlap_params'), own)
        change = Change(
            'assign', place, {'overlap': metric.name, 'overlap_params': params}, kind, f'{kind} by {metric.name}'
        )
        return _borne(change, metric, False)
    if not _takes(part, 'iou_calculator'):
        return Left('assign', place, f'{kind} compares no boxes')
    if kind in _FOREGROUND_ALONE:
        return Left('assign', place, f'{kind} asks for intersection over foreground alone, not for an overlap')
    reader = _reader_of_low_overlaps(detector, path)
    if metric.name == 'nwd' and kind == 'MaxIoUAssigner' and not reader:
        return Change('assign', place, _as_nwd_assigner(part), kind, f'NWDAssigner, {_thresholds(part)} as before')
    settings: dict[str, Any] = {'iou_calculator': instead_of(part.get('iou_calculator'), metric.calculator())}
    after = f'{kind} by {metric.name}' + (f', {_thresholds(part)} as before' if 'pos_iou_thr' in part else '')
    if reader and metric.name == 'nwd':
        after += f' ({reader}, so no NWDAssigner, which leaves low ones out)'
    if metric.below_zero and 'neg_iou_thr' in part:
        settings['neg_iou_thr'] = _from_below_zero(part['neg_iou_thr'])
    return _borne(Change('assign', place, settings, kind, after), metric, part.get('alpha') is None)


def _borne(change: Change, metric: Metric, bears: bool) -> Change | Left:
    """The change, unless the assigner cannot compute with overlaps below 0."""
    if metric.below_zero and not (bears and change.before in _BEAR_BELOW_ZERO):
        reason = f'{change.before} needs overlaps from 0 on, {metric.name} falls below'
        return Left('assign', change.path, reason)
    return change


def _matching(place: str, part: dict[str, Any], metric: Metric) -> Change | Left:
    """The overlap cost of DETR-like detectors; the other costs stay."""
    costs = [plain(cost) for cost in part['match_costs']]
    index = next((index for index, cost in enumerate(costs) if cost['type'] == 'IoUCost'), None)
    if index is None:
        done = any(cost.get('metric') == metric.name for cost in costs)
        reason = f'compares by {metric.name} already' if done else f'{type_name(part)} has no IoUCost among its costs'
        return Left('assign', place, reason, done)
    old = costs[index]
    before = f'IoUCost({old.get("iou_mode", "giou")})'
    weight = {key: old[key] for key in ('weight',) if key in old}
    costs[index] = {'type': 'OverlapCost', **metric.settings(), **weight}
    after = f'OverlapCost({metric.name})' + (f', weight {weight["weight"]:g} as before' if weight else '')
    return Change('assign', place, {'match_costs': costs}, before, after, f'match_costs.{index}')


def _overlap_of(part: dict[str, Any]) -> str | None:
    if type_name(part) == 'NWDAssigner':
        return 'nwd'
    overlap: str | None = part.get('overlap') or (part.get('iou_calculator') or {}).get('metric')
    return overlap


def _takes(part: dict[str, Any], argument: str) -> bool:
    """Whether the class of settings takes an argument, itself or by those that it inherits from."""
    kinds = getattr(task_util(part), '__mro__', ())
    return any(argument in inspect.signature(kind.__init__).parameters for kind in kinds)


def _as_nwd_assigner(part: dict[str, Any]) -> dict[str, Any]:
    known = inspect.signature(NWDAssigner.__init__).parameters
    if part.keys() <= {'type', *known}:
        return {'type': 'NWDAssigner'}
    return instead_of(part, {'type': 'NWDAssigner'}, keep=known)


def _thresholds(part: dict[str, Any]) -> str:
    return f'thresholds {part["pos_iou_thr"]} and {part["neg_iou_thr"]}'


def _from_below_zero(threshold: Any) -> tuple[float, float]:
    """``neg_iou_thr`` with which what lies apart from all objects is background, and not left out of training.

    Where it is one number, mmdet's assigners take overlaps from 0 on for background.
    """
    if isinstance(threshold, (tuple, list)):
        return (min(float(threshold[0]), -2.0) if threshold[0] <= 0 else threshold[0], threshold[1])
    return (-2.0, threshold)


def _reader_of_low_overlaps(detector: Detector, path: str) -> str | None:
    """What reads overlaps of negatives, which NWDAssigner does not compute."""
    stage = path.rpartition('.')[0]
    around = next((part for found, part in detector.settings_in() if found == stage), ConfigDict())
    if 'dynamic_rcnn' in around:
        return 'DynamicRoIHead sets the thresholds by the overlaps of all proposals'
    samplers = {type_name(part) for _, part in dicts_in(around.get('sampler'))}
    return 'IoUBalancedNegSampler samples by the overlaps of negatives' if 'IoUBalancedNegSampler' in samplers else None
