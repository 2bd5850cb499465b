"""The NMS of a detector, wherever it has one."""

from typing import Any

from nwd_mmdet.enabling.detector import Detector
from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.places import Change, Left, Places
from nwd_mmdet.nms import NMS_TYPES
from nwd_mmdet.settings import type_name

_KEYS = ('nms', 'dqs_cfg')
_HARD, _SOFT = 'nms', 'soft_nms'
# Heads without an NMS among their settings, and what they have.
_WITHOUT_NMS = {
    'CenterNetHead': 'keeps the peaks of its heat map and has no NMS',
    'DETRHead': 'predicts a set without doubles and has no NMS',
    'DIIHead': 'predicts a set without doubles and has no NMS',
    'YOLACTHead': 'has a fast NMS of its own, by IoU',
}


def nms_places(detector: Detector, metric: Metric) -> Places:
    """What to change in each NMS of a detector.

    Args:
        detector: Whose settings are looked at.
        metric: What is to decide.

    Yields:
        Changes, and what is left with the reason.
    """
    places = 0
    for path, part in detector.settings_in():
        if path.rpartition('.')[2] in _KEYS:
            places += 1
            yield _nms_place(detector, path, part, metric)
    if not places:
        how = [_WITHOUT_NMS[name] for name in detector.head_classes if name in _WITHOUT_NMS]
        yield Left('nms', detector.name, how[0] if how else 'has no NMS')


def _nms_place(detector: Detector, path: str, part: dict[str, Any], metric: Metric) -> Change | Left:
    place = f'{detector.path}.{path}'
    kind = type_name(part) if 'type' in part else _HARD
    if kind == 'nwd_nms' and metric.name == 'nwd' or kind in NMS_TYPES and part.get('metric') == metric.name:
        return Left('nms', place, f'compares by {metric.name} already', done=True)
    if kind not in (_HARD, _SOFT, *NMS_TYPES):
        return Left('nms', place, f'is {kind}, for which there is none by another overlap')
    if reason := _not_to_be_changed(detector, path, metric):
        return Left('nms', place, reason)
    old = part.get('iou_threshold')
    if old is None and not metric.is_a_distance:
        return Left('nms', place, f'has no iou_threshold that {metric.name} could keep')
    settings = metric.nms(0.0 if old is None else old, 'rpn' in path, kind in (_SOFT, 'soft_overlap_nms'))
    after = settings['type'] if settings['type'] == 'nwd_nms' else f'{settings["type"]}({metric.name})'
    threshold = settings['iou_threshold']
    return Change('nms', place, settings, f'{kind} above {old}', f'{after} above {threshold}')


def _not_to_be_changed(detector: Detector, path: str, metric: Metric) -> str | None:
    """Why the head of an NMS cannot take another."""
    if 'rpn' in path and detector.is_a('rpn_head', 'GARPNHead'):
        return 'GARPNHead takes the NMS by IoU alone'
    if 'rcnn' in path and detector.is_a('roi_head.bbox_head', 'MultiInstanceBBoxHead'):
        return 'MultiInstanceBBoxHead has a set NMS of its own, by IoU'
    if path.endswith('dqs_cfg') and metric.in_pixels:
        return f'{detector.name} hands it boxes in parts of the image, where C in px means nothing'
    return None
