"""Settings: walking through them, and refusing those that no part of a model reads or that are no numbers yet."""

import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import mmengine
from mmdet.models.detectors import BaseDetector
from mmdet.registry import DATASETS, MODELS, TASK_UTILS
from mmengine.logging import print_log
from torch import nn

WITHOUT_DATA = (
    'Where the training set is not, take the config that the training wrote into its work folder, which has the '
    "numbers (work_dirs/NAME/NAME.py), or set numbers in place of 'auto'."
)


def dicts_in(
    value: Any, path: str = '', ends: Callable[[dict[str, Any]], bool] = lambda part: False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and content of all dictionaries inside a config's value, itself included.

    Args:
        value: Of any kind.
        path: Of the value, which those of the dictionaries begin with.
        ends: Whether not to look into a dictionary.
    """
    if isinstance(value, dict):
        yield path, value
        for key, item in () if ends(value) else value.items():
            yield from dicts_in(item, f'{path}.{key}', ends)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from dicts_in(item, f'{path}.{index}', ends)


def type_name(part: dict[str, Any]) -> str:
    """Name of the class that settings are of, without its scope; new-style configs have the class itself."""
    kind = part.get('type')
    return str(getattr(kind, '__name__', kind)).rpartition('.')[2]


def check_settings(cfg: dict[str, Any], model: nn.Module) -> None:
    """Look for assigners and samplers in a ``train_cfg`` that the detector did not build.

    FCOS, for one, assigns by a rule of its own and never looks at ``train_cfg.assigner``.

    Args:
        cfg: What the model was built from.
        model: The model.

    Raises:
        ValueError: One that is of this package, or compares boxes by one of its overlaps. Of mmdet's own, which some of
            its configs carry along, a warning is logged.
    """
    built = Counter(type(held).__name__ for module in model.modules() for held in _held_by(module))
    for path, part in dicts_in(cfg.get('train_cfg'), 'model.train_cfg', ends=_is_task_util):
        if not _is_task_util(part):
            continue
        built[type_name(part)] -= 1
        if built[type_name(part)] < 0:
            message = (
                f'{path} of type {type_name(part)} is read by no part of {type(model).__name__}, which would train '
                'without it: this detector assigns by a rule of its own. Take it out, and see docs/overlaps.md for '
                'where else an overlap can go: the box loss, the NMS'
            )
            if any(_is_ours(inner) for _, inner in dicts_in(part)):
                raise ValueError(message)
            print_log(message, logger='current', level=logging.WARNING)


def _held_by(module: nn.Module) -> Iterator[Any]:
    """What a module holds, submodules apart; of lists, what is in them."""
    for value in vars(module).values():
        yield from value if isinstance(value, (list, tuple)) else (value,)


def _task_util(part: dict[str, Any]) -> type | None:
    """The class of an assigner, a sampler or the like that settings are of."""
    kind = part.get('type')
    return TASK_UTILS.module_dict.get(type_name(part)) if kind is not None else None


def _is_task_util(part: dict[str, Any]) -> bool:
    return _task_util(part) is not None


def _is_ours(part: dict[str, Any]) -> bool:
    return getattr(_task_util(part), '__module__', '').startswith('nwd_mmdet.')


def check_unresolved(cfg: Any) -> None:
    """Refuse settings in which an ``'auto'`` stands that nobody has replaced.

    Args:
        cfg: Of a model or a data set, or a part of it.

    Raises:
        ValueError: ``constant='auto'``, ``num_classes='auto'`` or ``metainfo=dict(classes='auto')``.
    """
    for path, part in dicts_in(cfg, type_name(cfg) if isinstance(cfg, dict) else ''):
        for name in ('constant', 'num_classes', 'classes'):
            if isinstance(part.get(name), str) and part[name] == 'auto':
                raise ValueError(
                    f"{path}.{name}='auto' is built before it was replaced by what the data says. Import nwd_mmdet "
                    'before mmdet in the script, or read the config with nwd_mmdet.config.load_config. '
                    f'{WITHOUT_DATA}'
                )


def check_models_when_built() -> None:
    """Look at every model and data set that mmengine or mmdet builds from a config.

    By :func:`check_unresolved` before it is built, and at detectors by :func:`check_settings` afterwards.
    """
    for registry in (mmengine.registry.MODELS, MODELS, mmengine.registry.DATASETS, DATASETS):
        if not hasattr(registry.build_func, 'checks_settings'):
            registry.build_func = _checked(registry.build_func)


def _checked(build: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(build)
    def checked(cfg: Any, *args: Any, **kwargs: Any) -> Any:
        check_unresolved(cfg)
        built = build(cfg, *args, **kwargs)
        if isinstance(built, BaseDetector):
            check_settings(cfg, built)
        return built

    checked.checks_settings = True  # type: ignore[attr-defined]
    return checked
