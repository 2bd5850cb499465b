"""Settings: walking through them, and refusing those that no part of a model reads or that are no numbers yet."""

import functools
import logging
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
    for path, part in unread_settings(cfg, model):
        message = (
            f'model{path} of type {type_name(part)} is read by no part of {type(model).__name__}, which would train '
            'without it: this detector assigns by a rule of its own. Take it out, and see docs/overlaps.md for '
            'where else an overlap can go: the box loss, the NMS'
        )
        if any(_is_ours(inner) for _, inner in dicts_in(part)):
            raise ValueError(message)
        print_log(message, logger='current', level=logging.WARNING)


def unread_settings(cfg: dict[str, Any], model: nn.Module) -> list[tuple[str, dict[str, Any]]]:
    """Path, as of :func:`dicts_in`, and content of assigners and samplers in ``train_cfg`` that no part of it built.

    Args:
        cfg: What the model was built from.
        model: The model.
    """
    parts: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for path, part in dicts_in(cfg.get('train_cfg'), '.train_cfg', ends=_is_task_util):
        if _is_task_util(part):
            parts.setdefault(type_name(part), []).append((path, part))
    built = [held for module in model.modules() for held in _held_by(module)]
    unread = []
    for name, of_type in parts.items():
        objects = [held for held in built if type(held).__name__ == name]
        # Of several of a type, first those that no object was built from.
        of_type.sort(key=lambda item: any(_may_be_built_from(held, item[1]) for held in objects))
        unread += of_type[: max(len(of_type) - len(objects), 0)]
    return unread


def _may_be_built_from(held: Any, part: dict[str, Any]) -> bool:
    """Whether no number among the settings differs from the attribute of that name."""
    numbers = {key: value for key, value in part.items() if isinstance(value, (bool, int, float))}
    return all(getattr(held, key, value) == value for key, value in numbers.items())


def _held_by(module: nn.Module) -> Iterator[Any]:
    """What a module holds, submodules apart; of lists, what is in them."""
    for value in vars(module).values():
        yield from value if isinstance(value, (list, tuple)) else (value,)


def task_util(part: dict[str, Any]) -> type | None:
    """The class of an assigner, a sampler or the like that settings are of; None where they are of none."""
    kind = part.get('type')
    return TASK_UTILS.module_dict.get(type_name(part)) if kind is not None else None


def _is_task_util(part: dict[str, Any]) -> bool:
    return task_util(part) is not None


def _is_ours(part: dict[str, Any]) -> bool:
    return getattr(task_util(part), '__module__', '').startswith('nwd_mmdet.')


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
