"""The override: a config that inherits another and changes some of its model's settings, as short as it can be read."""

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from yapf.yapflib.yapf_api import FormatCode

from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.places import Change
from nwd_mmdet.settings import type_name

_STYLE = {'based_on_style': 'facebook', 'column_limit': 100, 'spaces_before_comment': 2}
_DELETE = '_delete_'


@dataclass(frozen=True)
class Base:
    """The config that is inherited.

    Attributes:
        name: A file, or with ``::`` one that a package brings.
        cfg: Its content.
    """

    name: str
    cfg: Config

    @property
    def is_python(self) -> bool:
        """Whether it is one of mmengine's pure-Python configs, which only their like can inherit."""
        return '::' not in self.name and Config._is_lazy_import(self.name)


def override_text(base: Base, out: Path, changes: Sequence[Change], metric: Metric, command: str) -> str:
    """Return the text of the override.

    Args:
        base: What is inherited.
        out: File that the text is for, whose folder decides on the path of the base.
        changes: What to change.
        metric: The overlap.
        command: What is being run, for the comment at the top.

    Raises:
        ValueError: A pure-Python base that cannot be imported from ``out``.
    """
    tree: dict[str, Any] = {}
    for change in changes:
        _merge(tree, change.path.split('.'), change.settings)
    model = 'model' if base.is_python else '_base_.model'
    code = _over(tree['model'], base.cfg.model, model)
    lines = [
        f'# {metric.name} wherever this {type_name(base.cfg.model)} compares boxes; written by\n#     {command}',
        _inheriting(base, out),
        _custom_imports(base.cfg),
    ]
    if metric.has_knob:
        what = "'auto': the mean object size of the training set, " if metric.constant == 'auto' else ''
        lines.append(f'# C of all parts below. {what}in px of the network input.\nnwd_constant = {metric.constant!r}')
    lines.append(_formatted(f'model.merge({code})' if base.is_python else f'model = {code}'))
    return '\n'.join(line for line in lines if line).rstrip() + '\n'


def _inheriting(base: Base, out: Path) -> str:
    if base.is_python:
        import_line = f'from {_module_of(Path(base.name), out)} import *'
        return f'from mmengine.config import read_base\n\nwith read_base():\n    {import_line}\n'
    return f'_base_ = {_base_path(base.name, out)!r}'


def _merge(tree: dict[str, Any], path: Sequence[str], settings: dict[str, Any]) -> None:
    for key in path:
        tree = tree.setdefault(key, {})
    tree.update(settings)


def _formatted(code: str) -> str:
    text, _ = FormatCode(code, style_config=_STYLE)
    return str(text)


def _over(tree: dict[str, Any], base: Any, name: str) -> str:
    """Code of settings that mmengine merges over those of the base.

    Args:
        tree: The settings, those of lists by index.
        base: What they are merged over.
        name: By which the code knows the base.
    """
    if isinstance(base, (list, tuple)):
        return _list_over(tree, base, name)
    items = []
    for key, value in tree.items():
        inner = base.get(key) if isinstance(base, dict) else None
        is_merged = isinstance(value, dict) and inner is not None and _DELETE not in value
        items.append(f'{key}={_over(value, inner, f"{name}.{key}") if is_merged else _literal(value)}')
    return f'dict({", ".join(items)})'


def _list_over(tree: dict[str, Any], base: Sequence[Any], name: str) -> str:
    """Code of a list whose entries are those of the base with changes: mmengine's merging replaces whole lists."""
    same = [_entry_over(tree[str(index)], part, 'stage') for index, part in enumerate(base) if str(index) in tree]
    if len(same) == len(base) and len(set(same)) == 1:
        return f'[{same[0]} for stage in {name}]'
    entries = [
        _entry_over(tree[str(index)], part, f'{name}[{index}]') if str(index) in tree else f'{name}[{index}]'
        for index, part in enumerate(base)
    ]
    return f'[{", ".join(entries)}]'


def _entry_over(tree: dict[str, Any], base: dict[str, Any], name: str) -> str:
    """Code of a copy of the base with changes, where mmengine does not merge."""
    items = []
    for key, value in tree.items():
        inner = base.get(key)
        if not isinstance(value, dict) or _DELETE in value or inner is None:
            code = _literal({k: v for k, v in value.items() if k != _DELETE} if isinstance(value, dict) else value)
        elif isinstance(inner, (list, tuple)):
            code = _list_over(value, inner, f'{name}.{key}')
        else:
            code = _entry_over(value, inner, f'{name}.{key}')
        items.append(f'{key}={code}')
    return f'dict({", ".join([name, *items])})'


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return f'dict({", ".join(f"{key}={_literal(item)}" for key, item in value.items())})'
    if isinstance(value, (list, tuple)):
        inner = ', '.join(_literal(item) for item in value)
        return f'[{inner}]' if isinstance(value, list) else f'({inner}{"," if len(value) == 1 else ""})'
    return repr(value)


def _custom_imports(cfg: Config) -> str:
    """The line that has the plugin imported, along with what the base imports."""
    old = cfg.get('custom_imports') or {}
    imports = old.get('imports') or []
    imports = [imports] if isinstance(imports, str) else list(imports)
    if 'nwd_mmdet' in imports:
        return ''
    failed = bool(imports) and old.get('allow_failed_imports', False)
    return f'custom_imports = dict(imports={[*imports, "nwd_mmdet"]}, allow_failed_imports={failed})'


def _base_path(name: str, out: Path) -> str:
    if '::' in name:
        return name
    path = Path(os.path.relpath(Path(name).resolve(), out.resolve().parent)).as_posix()
    return path if path.startswith('.') else f'./{path}'


def _module_of(config: Path, out: Path) -> str:
    """Name by which a pure-Python config imports another: relative where they lie side by side, else of a package."""
    config = config.resolve()
    if config.parent == out.resolve().parent and config.stem.isidentifier():
        return f'.{config.stem}'
    for folder in config.parents:
        names = config.relative_to(folder.parent).with_suffix('').parts
        if not all(name.isidentifier() for name in names):
            break
        spec = importlib.util.find_spec(folder.name)
        if folder.as_posix() in [
            Path(place).as_posix() for place in getattr(spec, 'submodule_search_locations', None) or []
        ]:
            return '.'.join(names)
    raise ValueError(
        f'{config} is a pure-Python config (with read_base()), and {out} cannot import it: it lies in no importable '
        f'package. Write the override beside it: --out {config.with_name(out.name)}'
    )
