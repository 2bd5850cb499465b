"""The places of mmdet's shipped detectors, with some of their settings changed."""

from collections.abc import Callable
from typing import Any

from nwd_mmdet.config import read_config
from nwd_mmdet.enabling.detector import Detector, detectors_of
from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.places import Change, Left, Places


def changes_and_left(
    find: Callable[[Detector, Metric], Places], config: str, metric: str = 'nwd', **model: Any
) -> tuple[list[Change], list[Left]]:
    """What is found in one of mmdet's configs.

    Args:
        find: A function that finds the places of a kind.
        config: Path among mmdet's configs, without its ending.
        metric: Name of the overlap.
        model: Settings of the model that are merged over those of the config, keys with ``__`` for dots.
    """
    cfg = read_config(f'mmdet::{config}.py')
    cfg.merge_from_dict({f'model.{key.replace("__", ".")}': value for key, value in model.items()})
    (detector,) = detectors_of(cfg)
    found = list(find(detector, Metric(metric)))
    return [place for place in found if isinstance(place, Change)], [
        place for place in found if isinstance(place, Left)
    ]
