"""The config that a checkpoint carries, read without running it.

mmengine saves it as Python text, and ``Config.fromstring`` runs that text. A checkpoint comes from anywhere, so here
its text is read as what a saved config is: names set to literals and to ``dict(…)``.
"""

import ast
import math
from typing import Any

from mmengine.config import Config

_FLOATS = {'inf': math.inf, 'nan': math.nan}


def literal_config(text: str, source: str) -> Config:
    """Read the text of a saved config.

    Args:
        text: As ``Config.pretty_text``, which is in a checkpoint as ``meta['cfg']``.
        source: Where it is from, for the error.

    Raises:
        ValueError: It holds anything else than names set to literals.

    Example:
        >>> literal_config("model = dict(type='RetinaNet', scales=[1.0, 2.0])", 'a.pth').model.scales
        [1.0, 2.0]
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f'{source}: its config cannot be read: {error}') from None
    settings: dict[str, Any] = {}
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                settings[name] = _literal(value, source)
            case _:
                raise _refused(statement, source)
    return Config(settings)


def _literal(node: ast.expr, source: str) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [_literal(item, source) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_literal(item, source) for item in items)
        case ast.Set(elts=items):
            return {_literal(item, source) for item in items}
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_literal(key, source): _literal(value, source) for key, value in zip(keys, values) if key}
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=keywords) if all(word.arg for word in keywords):
            return {str(word.arg): _literal(word.value, source) for word in keywords}
        case ast.Name(id=name) if name in _FLOATS:
            return _FLOATS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _literal(operand, source)
            if isinstance(value, (int, float)):
                return -value
    raise _refused(node, source)


def _refused(node: ast.stmt | ast.expr, source: str) -> ValueError:
    return ValueError(
        f'{source}: line {node.lineno} of its config, {ast.unparse(node)[:60]!r}, is more than a setting, and what a '
        'checkpoint carries is not run'
    )
