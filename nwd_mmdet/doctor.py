"""``python -m nwd_mmdet.doctor``: what is installed, what works, what is wrong and how to mend it.

Exits with 0 when all is well, else with 1. Only the standard library is imported at the top, since this has to run
where nothing else does; ``nwd_mmdet/__init__.py`` puts :func:`diagnosis` into its error when the stack is broken.
"""

import importlib
import os
import platform
import re
import shutil
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from typing import Any, NamedTuple

# What is imported, and the distributions that provide it.
_PROVIDERS = {
    'torch': ['torch'],
    'torchvision': ['torchvision'],
    'mmengine': ['onedl-mmengine', 'mmengine', 'mmengine-lite'],
    'mmcv': ['onedl-mmcv', 'mmcv', 'mmcv-lite', 'mmcv-full'],
    'mmdet': ['onedl-mmdetection', 'mmdet'],
    'numpy': ['numpy'],
    'cv2': ['opencv-python', 'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless'],
    'pycocotools': ['pycocotools'],
    'faster_coco_eval': ['faster-coco-eval'],
    'numba': ['numba'],
    'setuptools': ['setuptools'],
}
_MM_STACK = ('mmengine', 'mmcv', 'mmdet')
_INSTALL_TORCH = 'pip install torch==2.12.1 torchvision==0.27.1, or another pair that belongs together'
_INSTALL_STACK = (
    "pip install 'nwd-mmdet[onedl]' (onedl-mmengine, onedl-mmcv, onedl-mmdetection) or "
    "pip install 'nwd-mmdet[openmmlab]' (mmengine 0.10.7, mmcv-lite 2.1.0, mmdet 3.3.0)"
)
# What has to be there, and the remedy where it is not.
_REQUIRED = {
    ('torch', 'torchvision'): _INSTALL_TORCH,
    _MM_STACK: _INSTALL_STACK,
    ('numpy', 'pycocotools', 'numba'): 'pip install numpy pycocotools numba',
}
_PKG_RESOURCES = "pip install 'setuptools<82'"

# What a broken installation says when it is imported, and the remedy. The first match counts.
_KNOWN_ERRORS = [
    (r'torchvision::nms|torchvision.*(undefined symbol|extension)', _INSTALL_TORCH),
    (r'NumPy 1\.x|Numpy is not available|numpy\.dtype size changed|_ARRAY_API', (
        "this package was built for NumPy 1: upgrade it, or pip install 'numpy<2'"
    )),
    (r'pkg_resources', _PKG_RESOURCES),
    (r'MMCV==.* incompatible', 'pip uninstall -y mmcv mmcv-lite && pip install mmcv-lite==2.1.0'),
    (r'libGL\.so|libgthread', 'pip uninstall -y opencv-python && pip install opencv-python-headless'),
    (r'implementation for device cuda', (
        "mmcv's operators were built without CUDA: install a CUDA build, or an mmcv without operators (onedl-mmcv, "
        'mmcv-lite), for which nwd_mmdet serves them'
    )),
    (r'libcu\w+\.so|libnv\w+\.so|libnccl', 'the CUDA libraries of torch are incomplete: reinstall torch'),
]  # fmt: skip


class Problem(NamedTuple):
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


def _version(text: str) -> tuple[int, ...]:
    """'2.12.1+cu130' → (2, 12, 1)."""
    return tuple(int(number) for number in re.findall(r'\d+', text.split('+')[0])[:3])


def installed_distributions() -> dict[str, str]:
    """Name → version of the installed distributions that matter here."""
    relevant = {name for names in _PROVIDERS.values() for name in names}
    names = ((str(dist.metadata['Name']).lower().replace('_', '-'), dist.version) for dist in metadata.distributions())
    return {name: version for name, version in names if name in relevant}


def check_distributions(installed: dict[str, str]) -> list[Problem]:
    """What the versions alone tell.

    Args:
        installed: Name → version, as :func:`installed_distributions` returns.
    """
    providers = {module: [name for name in names if name in installed] for module, names in _PROVIDERS.items()}
    problems = []
    for modules, remedy in _REQUIRED.items():
        missing = ', '.join(module for module in modules if not providers[module])
        if missing:
            problems.append(Problem(f'not installed: {missing}', remedy))
    for module in _MM_STACK:
        if len(providers[module]) > 1:
            several = ' and '.join(providers[module])
            remedy = f'pip uninstall -y {" ".join(providers[module])}, then install one of them'
            problems.append(Problem(f'{several} are both installed and overwrite each other as {module}', remedy))
    stack = [name for module in _MM_STACK for name in providers[module]]
    if len({name.startswith('onedl-') for name in stack}) > 1:
        remedy = f'pip uninstall -y {" ".join(stack)}, then {_INSTALL_STACK}'
        problems.append(Problem(f'two stacks are mixed: {", ".join(stack)}', remedy))

    versions = {name: _version(version) for name, version in installed.items()}
    mmcv = next((versions[name] for name in ('mmcv', 'mmcv-lite') if name in versions), (2, 1))
    if versions.get('mmdet', (3, 4)) < (3, 4) and mmcv >= (2, 2):
        what = f'mmdet {installed["mmdet"]} refuses mmcv 2.2 and later'
        problems.append(Problem(what, 'pip uninstall -y mmcv mmcv-lite && pip install mmcv-lite==2.1.0'))
    for name in _PROVIDERS['mmdet']:
        if name in versions and versions[name][0] != 3:
            problems.append(Problem(f'{name} {installed[name]} is not MMDetection 3.x', _INSTALL_STACK))
    torch, torchvision = versions.get('torch', ()), versions.get('torchvision', ())
    if torch[:1] == (2,) and torchvision and not _fits(torch, torchvision):
        what = f'torchvision {installed["torchvision"]} was not built for torch {installed["torch"]}'
        problems.append(Problem(what, _INSTALL_TORCH))
    if 'mmengine' in versions and versions.get('setuptools', (82,)) >= (82,):
        what = "mmengine needs pkg_resources, a part of setuptools up to 81, to find 'mmdet::' configs"
        problems.append(Problem(what, _PKG_RESOURCES))
    return problems


def _fits(torch: tuple[int, ...], torchvision: tuple[int, ...]) -> bool:
    """Up to torchvision 0.28 each release is built for one torch; 0.29 runs on 2.14 and later, says its metadata."""
    return torch >= (2, 14) if torchvision >= (0, 29) else torchvision[1] == torch[1] + 15


def check_cuda(driver: bool, build: str | None, available: bool) -> tuple[str, list[Problem]]:
    """One line on CUDA, and what is wrong with it.

    Args:
        driver: Whether an NVIDIA driver is present.
        build: The CUDA version torch was built for, None for a CPU build.
        available: Whether torch can use a GPU.
    """
    if available:
        return f'torch is built for CUDA {build} and sees a GPU', []
    if not driver:
        made_for = f'CUDA {build}' if build else 'CPU'
        return f'no NVIDIA driver here, so everything runs on the CPU (torch is built for {made_for})', []
    if build is None:
        what = 'an NVIDIA driver is present, but torch is a CPU build'
        return what, [Problem(what, 'reinstall torch and torchvision for CUDA; see the selector on pytorch.org')]
    what = f'an NVIDIA driver is present, but torch, built for CUDA {build}, cannot use it'
    return what, [Problem(what, 'update the driver or install a torch for its CUDA; check CUDA_VISIBLE_DEVICES')]


def explain(what: str, error: BaseException) -> Problem:
    """The problem behind an exception, with a remedy where the message is a known one."""
    message = f'{type(error).__name__}: {error}'
    remedy = next((remedy for pattern, remedy in _KNOWN_ERRORS if re.search(pattern, message, re.I)), None)
    if remedy is None and isinstance(error, ModuleNotFoundError):
        remedy = f'pip install the package that provides {error.name!r}'
    return Problem(f'{what} fails: {message}', remedy or 'reinstall it with --no-cache-dir --force-reinstall')


def _try_numpy() -> None:
    import torch

    torch.from_numpy(torch.ones(2).numpy())


def _try_nms(device: str) -> None:
    import torch
    from mmcv.ops import nms

    boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 5], [4, 4, 8, 8]], device=device)
    keep = nms(boxes, boxes.new_tensor([0.9, 0.8, 0.7]), 0.5)[1].tolist()
    if keep != [0, 2]:
        raise RuntimeError(f'kept boxes {keep} instead of [0, 2]')


def _try_roi_align(device: str) -> None:
    import torch
    from mmcv.ops import roi_align

    features = torch.ones(1, 2, 8, 8, device=device, requires_grad=True)
    roi_align(features, torch.tensor([[0.0, 0, 0, 4, 4]], device=device), 7).sum().backward()


def _try_deform_conv(device: str) -> None:
    import torch
    from mmcv.ops import deform_conv2d

    features = torch.ones(1, 2, 8, 8, device=device, requires_grad=True)
    offset, weight = torch.zeros(1, 18, 8, 8, device=device), torch.ones(2, 2, 3, 3, device=device)
    deform_conv2d(features, offset, weight, 1, 1).sum().backward()


# What Faster R-CNN and a deformable backbone call.
_OPERATORS = {
    'nms': _try_nms,
    'roi_align and its gradient': _try_roi_align,
    'deform_conv2d and its gradient': _try_deform_conv,
}


def _list_registered() -> str:
    registry = importlib.import_module('mmdet.registry')
    importlib.import_module('nwd_mmdet.plugin')
    kinds = ('MODELS', 'TASK_UTILS', 'DATASETS', 'TRANSFORMS', 'METRICS', 'HOOKS')
    entries = (entry for kind in kinds for entry in getattr(registry, kind).module_dict.items())
    names = sorted(name for name, entry in entries if entry.__module__.startswith('nwd_mmdet.'))
    if not names:
        raise ImportError('nwd_mmdet registered no component')
    return ', '.join(names)


def _run(checks: dict[str, Callable[[], Any]]) -> Iterator[str | Problem]:
    for name, check in checks.items():
        try:
            detail = check()
            yield f'  ok      {name}' + (f': {detail}' if isinstance(detail, str) else '')
        except Exception as error:  # a broken installation fails in any way it likes
            yield f'  FAILED  {name}'
            yield explain(name, error)


def _examine_operators() -> Iterator[str | Problem]:
    from nwd_mmdet.stack import mmcv_ops

    origins = mmcv_ops.operator_origin()
    for origin in ('mmcv (compiled)', 'torchvision', 'torch'):
        names = [name for name in origins if origins[name] == origin]
        if names:
            yield f'  {origin}: {", ".join(names) if len(names) < 50 else f"all {len(names)}"}'
    missing = sum(origin == 'missing' for origin in origins.values())
    if missing:
        yield f"  missing: {missing} that mmdet's common detectors do not need; they raise when called"
    if mmcv_ops.load_error:
        yield Problem(mmcv_ops.load_error, mmcv_ops.build_remedy())


def examine() -> Iterator[str | Problem]:
    """The lines of the report as they become known, and between them the problems found."""
    yield f'nwd_mmdet {importlib.import_module("nwd_mmdet").__version__} in {os.path.dirname(__file__)}'
    yield f'Python {platform.python_version()} on {platform.platform()}: {sys.executable}'
    installed = installed_distributions()
    yield 'Installed'
    for module, names in _PROVIDERS.items():
        found = ', '.join(f'{name} {installed[name]}' for name in names if name in installed)
        yield f'  {module:17} {found or "-"}'
    yield from check_distributions(installed)

    yield 'Imports'
    modules = [module for module, names in _PROVIDERS.items() if any(name in installed for name in names)]
    yield from _run({f'import {module}': partial(importlib.import_module, module) for module in modules})
    if not all(module in sys.modules for module in ('torch', 'torchvision', 'mmcv')):
        return

    import torch

    yield 'CUDA'
    driver = shutil.which('nvidia-smi') is not None or os.path.exists('/proc/driver/nvidia/version')
    line, problems = check_cuda(driver, torch.version.cuda, torch.cuda.is_available())
    yield f'  {line}'
    yield from (f'  {torch.cuda.get_device_name(index)}' for index in range(torch.cuda.device_count()))
    yield from problems

    yield 'Operators of mmcv, and who serves them'
    try:
        yield from _examine_operators()
    except Exception as error:
        yield explain("looking up mmcv's operators", error)
        return
    yield 'Checks'
    yield from _run({'arrays pass between torch and numpy': _try_numpy})
    for device in ('cpu', 'cuda') if torch.cuda.is_available() else ('cpu',):
        yield from _run({f'{name} on {device}': partial(check, device) for name, check in _OPERATORS.items()})
    if 'mmdet' in sys.modules:
        yield from _run({'components registered with mmdet': _list_registered})


def report(write: Callable[[str], Any]) -> list[Problem]:
    """Write the report, line by line as it becomes known, and the problems at its end; return them."""
    problems: list[Problem] = []
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for line in examine():
            if isinstance(line, str):
                write(line)
            else:
                problems.append(line)
    problems = list(dict.fromkeys(problems))
    for number, problem in enumerate(problems, 1):
        write(f'\nProblem {number}: {problem.what}\n' + textwrap.indent(f'Remedy: {problem.remedy}', '  '))
    if not problems:
        write('\nAll is well.')
    return problems


def diagnosis() -> str:
    """The whole report as one text, for the error of an import that failed."""
    lines: list[str] = []
    report(lines.append)
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(1 if report(partial(print, flush=True)) else 0)
