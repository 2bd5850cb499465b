"""``'auto'`` in configs that mmengine and mmdet read or take by themselves, and not through our ``load_config``.

A config is resolved where it is complete: where it is handed to what builds from it, after all options were merged.
Resolving at ``Config.fromfile`` would be too early. It would look for the data under the folder that an option is about
to replace, compute what an option is about to set, and read annotations for a config that is only printed.
"""

import contextlib
import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mmdet.apis
from mmdet.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.runner import FlexibleRunner, Runner

from nwd_mmdet.config import resolve_config
from nwd_mmdet.datasets.input_boxes import leaves
from nwd_mmdet.settings import dicts_in, type_name

__all__ = ['replaced', 'resolve_in_entry_points', 'resolved_when_read']


def resolve_in_entry_points() -> None:
    """Have mmengine's Runner and mmdet's ``init_detector`` and ``DetInferencer`` resolve the configs they are given.

    Cheap, and without effect from the second call on. A script that imports ``init_detector`` before ``nwd_mmdet`` has
    the one that resolves nothing; building an ``'auto'`` is an error then.
    """
    if hasattr(mmdet.apis.init_detector, '__wrapped__'):
        return
    for runner in (Runner, FlexibleRunner):
        runner.from_cfg = classmethod(_with_resolved_copy(runner.from_cfg.__func__))
    # Every path through BaseInferencer.__init__, a config inside a checkpoint included, ends here.
    mmdet.apis.DetInferencer._init_model = _with_resolved(mmdet.apis.DetInferencer._init_model)
    resolving = _with_options(mmdet.apis.init_detector)
    mmdet.apis.init_detector = mmdet.apis.inference.init_detector = resolving


def _with_resolved_copy(from_cfg: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(from_cfg)
    def from_resolved(cls: type, cfg: Any) -> Any:
        resolved = copy.deepcopy(cfg if isinstance(cfg, Config) else Config(cfg))
        resolve_config(resolved)
        return from_cfg(cls, resolved)

    return from_resolved


def _with_resolved(init_model: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(init_model)
    def init_resolved(self: Any, cfg: Any, *args: Any, **kwargs: Any) -> Any:
        resolve_config(cfg if isinstance(cfg, Config) else Config(cfg))  # the inferencer's own, of file or as a copy
        _name_transforms(cfg)
        _show_pipeline(cfg)
        return init_model(self, cfg, *args, **kwargs)

    return init_resolved


def _name_transforms(cfg: Any) -> None:
    """Put names in place of the classes and dotted names that transforms have in a pure-Python config and its copies.

    DetInferencer looks for the transform that loads the image by its name, and finds no class in onedl-mmdetection, no
    dotted name in mmdet 3.3.
    """
    for _, part in dicts_in(cfg.get('test_dataloader')):
        kind, name = part.get('type'), type_name(part)
        transform = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
        if transform is not None and transform is TRANSFORMS.get(name):
            part['type'] = name


def _show_pipeline(cfg: Any) -> None:
    """Give wrappers in the training set, which have no pipeline, that of what they wrap: SAHI looks for masks in it."""
    for _, part in dicts_in((cfg.get('train_dataloader') or {}).get('dataset')):
        if 'dataset' in part or 'datasets' in part:
            settings, _ = next(leaves(part))
            part.setdefault('pipeline', settings.get('pipeline', []))


def _with_options(init_detector: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(init_detector)
    def init_resolved(*args: Any, **kwargs: Any) -> Any:
        call = inspect.signature(init_detector).bind(*args, **kwargs)
        config, options = call.arguments['config'], call.arguments.get('cfg_options')
        if isinstance(config, (str, Path, Config)):
            config = copy.deepcopy(config) if isinstance(config, Config) else Config.fromfile(config)
            if options is not None:
                config.merge_from_dict(options)
                call.arguments['cfg_options'] = {}  # merged; None would mean that the backbone loads no weights
            resolve_config(config)
            call.arguments['config'] = config
        return init_detector(*call.args, **call.kwargs)

    return init_resolved


@contextlib.contextmanager
def resolved_when_read(options_follow: bool) -> Iterator[None]:
    """Inside, ``Config.fromfile`` returns resolved configs; for programs that read one and build parts of it by hand.

    Args:
        options_follow: The program merges options into the config it has read: it is resolved after that.
    """
    fromfile, merge = Config.fromfile, Config.merge_from_dict

    @functools.wraps(fromfile)
    def read(*args: Any, **kwargs: Any) -> Config:
        cfg = fromfile(*args, **kwargs)
        if not options_follow:
            resolve_config(cfg)
        return cfg

    @functools.wraps(merge)
    def merged(cfg: Config, *args: Any, **kwargs: Any) -> None:
        merge(cfg, *args, **kwargs)
        resolve_config(cfg)

    with replaced(Config, 'fromfile', staticmethod(read)), replaced(Config, 'merge_from_dict', merged):
        yield


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Inside, an attribute of a class or a module is another one."""
    before = vars(owner)[name]  # with getattr, a static method would come back as a function
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
