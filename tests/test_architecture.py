"""Where things are: imports go one way, and the test of a module is found by its name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / 'nwd_mmdet'

# From the bottom up: a module imports from its own layer and from those before it. A folder stands for all in it.
LAYERS = (
    ('compiled', 'iou_overlaps', 'distance_overlaps', 'overlaps', 'stack', 'tracing'),
    ('neighbors',),
    (
        *('overlap_nms', 'nms', 'losses', 'alpha_iou_losses', 'assigners', 'dense_heads', 'classwise_bbox_head'),
        *('settings', 'visualizer', 'yolov5_pafpn', 'literal_config'),
    ),
    ('datasets',),
    ('evaluation',),
    ('data_check',),
    ('config',),
    ('enabling', 'entry_points'),
    ('launch', 'mmdet_tools'),
    ('analysis',),
    ('hooks', 'doctor', 'registry', 'shipped_configs'),
    ('plugin',),
    ('',),  # nwd_mmdet/__init__.py
    ('commands',),
    ('__main__',),
)

# The doctor examines the package, and the package shows its report when it fails.
EXAMINES = (('doctor', ''), ('doctor', 'plugin'))

# Modules without a test of their own, and why.
WITHOUT_TEST = {
    'compiled': 'two decorators; every test of nms, neighbors and matching runs through them',
    'commands.train': 'tests/tools/test_train_and_test.py',
    'commands.test': 'tests/tools/test_train_and_test.py',
}


def modules() -> dict[str, Path]:
    """Dotted name inside the package → file; packages by their ``__init__.py``."""
    paths = {path: '.'.join(path.relative_to(PACKAGE).with_suffix('').parts) for path in PACKAGE.rglob('*.py')}
    return {name.removesuffix('__init__').removesuffix('.'): path for path, name in paths.items()}


def imports(path: Path, known: set[str]) -> Iterator[str]:
    """Modules of the package that a file imports, anywhere in it: inside functions, too, and by ``import_module``."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: imports are absolute'
            names = [f'{node.module}.{alias.name}' for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, 'attr', getattr(node.func, 'id', '')) in (
            'import_module',
            '__import__',
        ):
            names = [str(argument.value) for argument in node.args[:1] if isinstance(argument, ast.Constant)]
        for name in names:
            root, _, inside = name.partition('.')
            if root == 'nwd_mmdet':
                yield inside if inside in known else inside.rpartition('.')[0]


def layer_of(module: str) -> int:
    (layer,) = (index for index, names in enumerate(LAYERS) if module.partition('.')[0] in names)
    return layer


def graph() -> dict[str, set[str]]:
    """Module → modules that it imports."""
    found = modules()
    return {name: set(imports(path, set(found))) - {name} for name, path in found.items()}


def circle(edges: dict[str, set[str]]) -> list[str]:
    """A circle of imports, if there is one."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return path[path.index(module) :]
        if module not in done:
            for other in sorted(edges[module]):
                if found := visit(other, [*path, module]):
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(edges) if (found := visit(module, []))), [])


def test_every_module_is_in_one_layer() -> None:
    for module in modules():
        layer_of(module)


def test_imports_go_one_way() -> None:
    upwards = [
        f'{module} imports {other}'
        for module, others in graph().items()
        for other in others
        if layer_of(other) > layer_of(module) and (module, other) not in EXAMINES
    ]
    assert not upwards, 'a module may import from its own layer and those below it, see LAYERS'


def test_there_is_no_circle() -> None:
    edges = graph()
    for module, other in EXAMINES:
        edges[module] = edges[module] - {other}
    assert not circle(edges)


def test_a_circle_would_be_found() -> None:
    edges = {'a': {'b'}, 'b': {'c'}, 'c': {'d', 'b'}, 'd': set()}
    assert circle(edges) == ['b', 'c']
    assert circle({**edges, 'c': {'d'}}) == []


@pytest.mark.parametrize(
    'line', ['import nwd_mmdet.launch', 'from nwd_mmdet import launch', 'from nwd_mmdet.launch import x']
)
def test_imports_are_found_wherever_they_stand(line: str, tmp_path: Path) -> None:
    path = tmp_path / 'module.py'
    path.write_text(f'def function():\n    if True:\n        {line}\n')
    assert list(imports(path, {'launch'})) == ['launch']


def test_private_names_stay_in_their_module() -> None:
    for path in (*PACKAGE.rglob('*.py'), *ROOT.glob('tools/**/*.py'), *ROOT.glob('tests/**/*.py')):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('nwd_mmdet'):
                private = [alias.name for alias in node.names if alias.name.startswith('_')]
                assert not private, f'{path.relative_to(ROOT)} imports {private} of {node.module}'


def test_the_test_of_a_module_is_where_its_name_says() -> None:
    tests = {
        module: ROOT / 'tests' / path.relative_to(PACKAGE).parent / f'test_{path.name}'
        for module, path in modules().items()
        if path.name != '__init__.py'
    }
    missing = {module for module, path in tests.items() if not path.is_file()}
    assert missing == set(WITHOUT_TEST), 'write the test, or say in WITHOUT_TEST why there is none'
    named = set(tests.values())
    for path in ROOT.glob('tests/*/**/test_*.py'):
        of_package = path.relative_to(ROOT / 'tests').parts[0] not in ('configs', 'tools')
        assert path in named or not of_package, f'{path.relative_to(ROOT)} is the test of no module'
