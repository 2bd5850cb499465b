"""A detector's settings beside what is built from them, without memory for its weights."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.models.detectors import BaseDetector
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from torch import nn

from nwd_mmdet.settings import dicts_in, type_name, unread_settings

# What stands in the settings for what the data decide on, while they are only looked at.
_STAND_INS = {'num_classes': 1, 'constant': 1.0}


@dataclass(frozen=True)
class Detector:
    """A detector.

    Attributes:
        path: Of its settings in the config: ``model``, or ``model.detector`` in a tracker or a semi-supervised model.
        settings: Its settings.
        built: What they give.
    """

    path: str
    settings: dict[str, Any]
    built: nn.Module

    @property
    def name(self) -> str:
        """Name of its class."""
        return type(self.built).__name__

    def is_a(self, path: str, class_name: str) -> bool:
        """Whether the settings at a path, from the detector's on, are of a class; of several stages, the first."""
        return any(
            class_name in class_names(part) for found, part in self.settings_in() if found in (path, f'{path}.0')
        )

    @property
    def head_classes(self) -> list[str]:
        """Names of the classes of the heads that predict boxes, and of those that they inherit from."""
        paths = ('rpn_head', 'bbox_head', 'roi_head.bbox_head', 'roi_head.bbox_head.0')
        return [name for path, part in self.settings_in() if path in paths for name in class_names(part)]

    def settings_in(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path, from the detector's on, and content of all its settings."""
        for path, part in dicts_in(self.settings):
            yield path.lstrip('.'), part

    @property
    def unread(self) -> set[str]:
        """Paths, from the detector's on, of assigners and samplers that it does not build."""
        return {path.lstrip('.') for path, _ in unread_settings(self.settings, self.built)}


def class_names(settings: dict[str, Any]) -> list[str]:
    """Names of the class of a module's settings and of those that it inherits from, its own first."""
    return [kind.__name__ for kind in getattr(MODELS.module_dict.get(type_name(settings)), '__mro__', ())]


def detectors_of(cfg: Config) -> list[Detector]:
    """Build the detectors of a config.

    Raises:
        ValueError: A model that is no detector, or that cannot be built.
    """
    register_all_modules()
    found = [(path, part) for path, part in dicts_in(cfg.get('model'), 'model') if _is_detector(part)]
    # A semi-supervised model is a detector to mmdet, and so is what it trains.
    inner = [(path, part) for path, part in found if not any(other.startswith(f'{path}.') for other, _ in found)]
    if not inner:
        raise ValueError(f'{cfg.filename} has no detector of mmdet as its model')
    return [Detector(path, part, _build(part)) for path, part in inner]


def _is_detector(part: dict[str, Any]) -> bool:
    kind = MODELS.module_dict.get(type_name(part))
    return isinstance(kind, type) and issubclass(kind, BaseDetector)


def _build(settings: dict[str, Any]) -> nn.Module:
    try:
        with torch.device('meta'):  # no memory and no time for weights
            model: nn.Module = MODELS.build(_with_stand_ins(settings))
            return model
    except Exception:  # some backbones compute with tensors while they are built
        pass
    try:
        model = MODELS.build(_with_stand_ins(settings))
    except Exception as error:
        raise ValueError(f'the model of type {type_name(settings)} cannot be built: {error}') from error
    return model


def _with_stand_ins(settings: dict[str, Any]) -> dict[str, Any]:
    """A copy with what can be built without data, other processes and downloads."""
    settings = copy.deepcopy(settings)
    for _, part in dicts_in(settings):
        part.update({key: value for key, value in _STAND_INS.items() if part.get(key) == 'auto'})
        if type_name(part) in ('SyncBN', 'MMSyncBN'):
            part['type'] = 'BN'
        if 'teacher_ckpt' in part:
            part['teacher_ckpt'] = None  # of a distilled detector
    return settings
