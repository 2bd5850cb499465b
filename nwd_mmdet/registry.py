"""The package's scope, under which mmengine builds what a config inherits from ``nwd_mmdet::…``.

Components are registered with mmdet, so the registries of this scope are empty: they find everything in their parents.
mmengine looks for them by the name of this module.
"""

from pathlib import Path

import mmdet.registry
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import Registry

from nwd_mmdet.stack.metafiles import find_where_imported

# mmengine marks every dictionary of an inherited config with the scope it is from, and warns where it knows none.
_SCOPE = 'nwd_mmdet'
# What the registries of mmdet import on the first look-up, which a look-up from below spares them.
_LOCATIONS = [f'mmdet.{name}' for name in ('datasets', 'engine', 'evaluation', 'models', 'visualization')]

_PARENTS = {name: value for name, value in vars(mmdet.registry).items() if isinstance(value, Registry)}

#: Name in ``mmdet.registry`` → the registry of this scope below it.
REGISTRIES = {
    name: Registry(parent.name, parent=parent, scope=_SCOPE, locations=_LOCATIONS)
    for name, parent in _PARENTS.items()
    if parent.scope == 'mmdet'
}

# The distribution whose folder .mim holds the configs of a scope; any spelling of its name finds it.
MODULE2PACKAGE[_SCOPE] = _SCOPE
find_where_imported(_SCOPE, Path(__file__).parent)
