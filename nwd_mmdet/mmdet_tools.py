"""mmdet's own tools, as they lie in the installed package, with this one loaded."""

import contextlib
import functools
import importlib.util
import runpy
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib.style
import mmdet
import mmengine.analysis
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from nwd_mmdet.entry_points import replaced, resolved_when_read
from nwd_mmdet.tracing import traced_to_be_counted

__all__ = ['run_tool']

# What tools need that mmdet imports in a `try`, to fail later with a message that does not name it.
_PACKAGES = {'benchmark.py': 'psutil', 'test_robustness.py': 'imagecorruptions'}

# seaborn's, which analyze_logs.py offers, under matplotlib's names for them.
_STYLES = {name: f'seaborn-v0_8-{name}' for name in ('dark', 'darkgrid', 'ticks', 'white', 'whitegrid')}


def run_tool(path: Path, arguments: Sequence[str]) -> None:
    """Run a tool in this process, as ``python TOOL ARGUMENTS`` would in one of its own.

    Args:
        path: The tool.
        arguments: Its arguments. An ``'auto'`` in the config that it reads is resolved, after its ``--cfg-options``.

    Raises:
        SystemExit: The tool's own, and where it needs a package that is not installed.
    """
    package = _PACKAGES.get(path.name)
    if package is not None and importlib.util.find_spec(package) is None:
        raise SystemExit(_missing(path, package))
    options_follow = any(_is_cfg_options(word) for word in arguments)
    # The folder of a script, as Python has it, and the one in which test_robustness.py finds its sibling.
    folders = [str(path.parent), str(Path(mmdet.__file__).parent / '.mim')]
    with (
        replaced(sys, 'argv', [str(path), *arguments]),
        replaced(sys, 'path', [*folders, *sys.path]),
        resolved_when_read(options_follow),
        _missing_parts(),
    ):
        try:
            runpy.run_path(str(path), run_name='__main__')
        except ModuleNotFoundError as error:
            raise SystemExit(_missing(path, error.name or str(error))) from error


def _is_cfg_options(word: str) -> bool:
    """Whether a word of a command line is ``--cfg-options``, abbreviated as argparse lets it be, or with its value."""
    word = word.partition('=')[0]
    return word.startswith('--c') and '--cfg-options'.startswith(word)


def _missing(tool: Path, package: str) -> str:
    return f"{tool.name} needs the Python package '{package}', which is not installed here"


@contextlib.contextmanager
def _missing_parts() -> Iterator[None]:
    """Serve what mmdet's tools take for granted and the installed stack does not have."""
    count = mmengine.analysis.get_model_complexity_info

    @functools.wraps(count)
    def counted(*args: object, **kwargs: object) -> object:
        with traced_to_be_counted():
            return count(*args, **kwargs)

    for name, theirs in _STYLES.items():
        matplotlib.style.library.setdefault(name, matplotlib.style.library[theirs])
    if 'Corrupt' not in TRANSFORMS:
        TRANSFORMS.register_module(name='Corrupt', module=_Corrupt)
    with replaced(mmengine.analysis, 'get_model_complexity_info', counted):
        yield


class _Corrupt(BaseTransform):
    """mmdet's transform of this name, which onedl-mmdetection left out and test_robustness.py puts into pipelines."""

    def __init__(self, corruption: str, severity: int = 1) -> None:
        self.corruption, self.severity = corruption, severity

    def transform(self, results: dict) -> dict:
        from imagecorruptions import corrupt

        image = corrupt(results['img'].astype(np.uint8), corruption_name=self.corruption, severity=self.severity)
        return {**results, 'img': image}
