"""Putting an overlap into every place of a detector that compares boxes: the override, and what is to be said of it."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nwd_mmdet.config import read_config
from nwd_mmdet.enabling.assigning import assigner_places
from nwd_mmdet.enabling.detector import detectors_of
from nwd_mmdet.enabling.losses import loss_places
from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.override import Base, override_text
from nwd_mmdet.enabling.places import PARTS, Change, Left
from nwd_mmdet.enabling.suppressing import nms_places

_PLACES = {'assign': assigner_places, 'nms': nms_places, 'loss': loss_places}


@dataclass(frozen=True)
class Enabled:
    """What :func:`enable` found and wrote.

    Attributes:
        base: Config that is inherited.
        out: File that was written.
        metric: The overlap.
        changes: What the file changes.
        left: What it leaves.
    """

    base: str
    out: Path
    metric: Metric
    changes: tuple[Change, ...]
    left: tuple[Left, ...]

    def report(self) -> str:
        """What was set, place by place, and what was left and why."""
        constant = self.metric.constant
        lines = [f'{self.metric.name} in {self.base}']
        width = max(len(change.place) for change in self.changes)
        lines += [f'  {c.part:6}  {c.place:{width}}  {c.before} -> {c.after}' for c in self.changes]
        if self.left:
            lines += ['left as it is', *(f'  {left.part:6}  {left.place}: {left.reason}' for left in self.left)]
        if self.metric.in_pixels:
            name = 'nwd_constant' if self.metric.has_knob else 'constant of each part'
            value = "'auto', the mean object size of the training set" if constant == 'auto' else f'{constant:g} px'
            lines.append(f'C: {name} = {value}')
        return '\n'.join(lines)


def enable(
    config: str,
    out: Path,
    metric: Metric,
    parts: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Enabled:
    """Write a config that inherits another and compares boxes by an overlap wherever its detector does.

    Args:
        config: File, or with ``mmdet::`` before its path a config of mmdet's.
        out: File to write; its folder is made.
        metric: The overlap.
        parts: Some of :data:`~nwd_mmdet.enabling.places.PARTS`, each of which has to be there; None: what there is.
        overwrite: Whether ``out`` may exist.

    Raises:
        FileNotFoundError: There is no such config.
        ValueError: ``out`` exists, or is no ``.py`` file; a model that is no detector or cannot be built; a part, or
            all of them, that the detector has nowhere.
    """
    _check(out, metric, overwrite)
    base = Base(config, read_config(config))
    changes, left = find_places(base, metric, parts)
    _refuse_missing(config, changes, left, parts)
    command = f'nwd-mmdet enable {shlex.quote(config)} --metric {metric.name}'
    if parts is not None:
        command += f' --parts {" ".join(parts)}'
    text = override_text(base, out, changes, metric, command)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding='utf-8')
    return Enabled(config, out, metric, changes, left)


def find_places(
    base: Base, metric: Metric, parts: Sequence[str] | None = None
) -> tuple[tuple[Change, ...], tuple[Left, ...]]:
    """What to change in the detectors of a config, and what is left with the reason; arguments as of :func:`enable`."""
    found = [
        place
        for detector in detectors_of(base.cfg)
        for part in PARTS
        if parts is None or part in parts
        for place in _PLACES[part](detector, metric)
    ]
    changes = tuple(place for place in found if isinstance(place, Change))
    return changes, tuple(place for place in found if isinstance(place, Left))


def _check(out: Path, metric: Metric, overwrite: bool) -> None:
    if out.suffix != '.py':
        raise ValueError(f'--out {out} must end in .py: configs that inherit by code are Python files')
    if out.exists() and not overwrite:
        raise ValueError(f'--out {out} exists already; --overwrite replaces it')
    constant = metric.constant
    if constant != 'auto' and not metric.in_pixels:
        raise ValueError(f'--constant {constant}: {metric.name} has no constant; leave it out')
    if constant != 'auto' and not (isinstance(constant, float) and 0 < constant < math.inf):
        raise ValueError(f"--constant {constant} must be a positive number of px, or 'auto'")


def _refuse_missing(config: str, changes: Sequence[Change], left: Sequence[Left], parts: Sequence[str] | None) -> None:
    """Raise ValueError for parts that were asked for by name and are nowhere, or where there is nothing at all."""
    there = {change.part for change in changes} | {place.part for place in left if place.done and parts is not None}
    missing = [part for part in parts or () if part not in there]
    if changes and not missing:
        return
    reasons = '\n'.join(
        f'  {place.part}  {place.place}: {place.reason}' for place in left if not missing or place.part in missing
    )
    if missing and there:
        has = ', '.join(part for part in PARTS if part in there)
        raise ValueError(f'{config} has no place for {", ".join(missing)}; leave it out of --parts {has}:\n{reasons}')
    raise ValueError(f'{config} has no place to set:\n{reasons}')
