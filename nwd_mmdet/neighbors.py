"""Fixed-radius neighbour search among boxes, the engine under NWD assignment and NWD-NMS.

``NWD >= t`` says that the corner vectors of two boxes lie within ``R = √2 C ln(1/t)`` of each other
(:func:`search_radius`), and then their centres lie within ``R/√2``. So a uniform grid over the centres finds all
pairs that matter by looking at 3 x 3 cells per box, where the published code compares every box with every other.

The searches run on the CPU in compiled code (numba); on a GPU the pair search compares in bounded blocks instead.
Distances are evaluated in float64, so the answers are those of exact arithmetic for float32 boxes.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nwd_mmdet.compiled import compiled, inlined
from nwd_mmdet.overlaps import squared_distance

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.int64]
# Boxes in the order of their cells, where each cell begins, the corner and the width of the cells, columns, rows.
Grid = tuple[Integers, Integers, float, float, float, int, int]

# Pairs per chunk of the assigner: with the overlaps computed on them, some 50 MB.
_MAX_PAIRS = 1 << 19
# Cells on each side of the median box in the hash grid of the NMS; what lies farther out is taken into the last ones.
# So a box far away from all others does not widen the cells, and numbers of cells are exact to 1e-7.
_OUTERMOST = float(1 << 28)
# Distances per block on a GPU: 32 MB each in float32.
_MAX_BLOCK = 1 << 23


def search_radius(threshold: float, constant: float) -> float:
    """Distance of corner vectors at which NWD falls to ``threshold``.

    Args:
        threshold: NWD in [0, 1].
        constant: C of the NWD in px.

    Returns:
        √2 C ln(1/threshold) in px; infinite for 0.
    """
    return math.inf if threshold <= 0 else -math.sqrt(2) * constant * math.log(threshold)


def require_finite(name: str, values: Tensor) -> None:
    """Raise ValueError, naming the argument and the first bad row, if a value is NaN or infinite."""
    finite = values.isfinite()
    if not finite.all():
        row = int((~finite).flatten(1).any(1).nonzero()[0]) if values.dim() > 1 else int((~finite).nonzero()[0])
        raise ValueError(
            f'{name} holds NaN or infinite values, first in row {row}: {values[row].tolist()}. '
            'Look for a diverging loss (lower the learning rate, clip gradients) or broken annotations.'
        )


def neighbor_pairs(boxes1: Tensor, boxes2: Tensor, radius: float) -> Iterator[tuple[Tensor, Tensor]]:
    """All pairs of boxes whose corner vectors are at most ``radius`` apart, in chunks.

    Args:
        boxes1: Shape [N, 4], xyxy in px, finite. All pairs of one of these boxes come in the same chunk.
        boxes2: Shape [M, 4], xyxy in px, finite, on the same device.
        radius: Distance in px, finite. Pairs a hair (1e-5 of it) farther apart may be among the results.

    Yields:
        Indices into ``boxes1`` and ``boxes2``, int64, shape [P] each; P is bounded, so memory does not grow with
        N x M. Every pair comes once.
    """
    if not len(boxes1) or not len(boxes2):
        return
    radius = radius * (1 + 1e-5)
    if boxes1.device.type != 'cpu':
        yield from _block_pairs(boxes1, boxes2, radius)
        return
    array1, array2 = (boxes.detach().contiguous().numpy() for boxes in (boxes1, boxes2))
    grid = _build_grid(array2, radius / math.sqrt(2))
    row = 0
    while row < len(array1):
        index1, index2, row = _grid_pairs(array1, array2, *grid, radius**2, row, max(_MAX_PAIRS, len(array2)))
        yield torch.from_numpy(index1), torch.from_numpy(index2)


def _block_pairs(boxes1: Tensor, boxes2: Tensor, radius: float) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs by comparing every box with every other, a block of ``boxes1`` at a time: what a GPU is good at."""
    block = max(_MAX_BLOCK // len(boxes2), 1)
    for start in range(0, len(boxes1), block):
        near = squared_distance(boxes1[start : start + block, None], boxes2[None]) <= radius**2
        index1, index2 = near.nonzero(as_tuple=True)
        yield index1 + start, index2


def suppress_neighbors(boxes: Tensor, groups: Tensor, radius: float) -> Tensor:
    """Greedy suppression: walk through the boxes and keep each that no kept box of its group is nearer to than radius.

    Args:
        boxes: Shape [N, 4], xyxy in px, finite, best first.
        groups: Shape [N], integers; boxes of different groups never touch each other.
        radius: Distance of corner vectors in px, strict; may be infinite.

    Returns:
        Shape [N], bool, on the device of ``boxes``: which boxes are kept. The search runs on the CPU for every
        device, so a GPU gives the same answer.
    """
    array = boxes.detach().cpu().double().numpy()
    keep = _greedy_keep(array, groups.detach().cpu().long().numpy(), float(radius))
    return torch.from_numpy(keep).to(boxes.device)


@compiled
def _build_grid(boxes: Floats, radius: float) -> Grid:
    """Counting sort of box centres into square cells at least ``radius`` wide, at most about 4 cells a box."""
    n = boxes.shape[0]
    x = np.empty(n)
    y = np.empty(n)
    for i in range(n):
        x[i] = (np.float64(boxes[i, 0]) + boxes[i, 2]) / 2
        y[i] = (np.float64(boxes[i, 1]) + boxes[i, 3]) / 2
    x0, y0 = x.min(), y.min()
    width, height = x.max() - x0, y.max() - y0
    # a hair above the radius, so that rounding never puts a neighbour two cells away
    cell = max(radius * (1 + 1e-9), math.sqrt(width * height / (4 * n)), max(width, height) / (4 * n), 1e-9)
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    count = np.zeros(columns * rows + 1, np.int64)
    cell_of = np.empty(n, np.int64)
    for i in range(n):
        cell_of[i] = int((y[i] - y0) / cell) * columns + int((x[i] - x0) / cell)
        count[cell_of[i] + 1] += 1
    start: Integers = count.cumsum()
    fill = start[:-1].copy()
    order = np.empty(n, np.int64)
    for i in range(n):
        order[fill[cell_of[i]]] = i
        fill[cell_of[i]] += 1
    return order, start, x0, y0, cell, columns, rows


@compiled
def _grid_pairs(
    boxes: Floats,
    others: Floats,
    order: Integers,
    start: Integers,
    x0: float,
    y0: float,
    cell: float,
    columns: int,
    rows: int,
    squared_radius: float,
    row: int,
    capacity: int,
) -> tuple[Integers, Integers, int]:
    """Pairs of ``boxes[row:]`` with ``others``, until ``capacity`` may be exceeded; returns the next row, too."""
    index1 = np.empty(capacity, np.int64)
    index2 = np.empty(capacity, np.int64)
    filled = 0
    while row < boxes.shape[0]:
        box = boxes[row]
        column = math.floor(((np.float64(box[0]) + box[2]) / 2 - x0) / cell)
        line = math.floor(((np.float64(box[1]) + box[3]) / 2 - y0) / cell)
        if -1 <= column <= columns and -1 <= line <= rows:
            first, last = int(max(column - 1, 0)), int(min(column + 1, columns - 1))
            if filled + order.shape[0] > capacity:  # the most this row can add
                break
            for k in range(int(max(line - 1, 0)), int(min(line + 1, rows - 1)) + 1):
                for slot in range(start[k * columns + first], start[k * columns + last + 1]):
                    other = order[slot]
                    if _squared_distance(box, others[other]) <= squared_radius:
                        index1[filled] = row
                        index2[filled] = other
                        filled += 1
        row += 1
    return index1[:filled], index2[:filled], row


@inlined
def _squared_distance(box1: Floats, box2: Floats) -> np.float64:
    d0 = np.float64(box1[0]) - box2[0]
    d1 = np.float64(box1[1]) - box2[1]
    d2 = np.float64(box1[2]) - box2[2]
    d3 = np.float64(box1[3]) - box2[3]
    squared: np.float64 = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3
    return squared


@compiled
def _greedy_keep(boxes: Floats, groups: Integers, radius: float) -> NDArray[np.bool_]:
    """Hash grid of the kept boxes' centres; a box is compared with the kept ones in the 3 x 3 cells around it."""
    n = boxes.shape[0]
    keep = np.ones(n, np.bool_)
    if n == 0 or radius <= 0:
        return keep
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    step = max(n // 256, 1)  # a sample tells well enough where most boxes are
    x0, y0 = np.median(x[::step]), np.median(y[::step])
    spread = max(np.median(np.abs(x[::step] - x0)), np.median(np.abs(y[::step] - y0)))
    # Wide enough for the radius whatever is rounded, and not so narrow that most boxes are past the outermost cells.
    cell = max(radius / math.sqrt(2) * (1 + 1e-5), spread / _OUTERMOST)
    buckets = 16
    while buckets < 2 * n:
        buckets *= 2
    head = np.full(buckets, -1, np.int64)
    following = np.empty(n, np.int64)
    for i in range(n):
        column = math.floor(min(max((x[i] - x0) / cell, -_OUTERMOST), _OUTERMOST))
        line = math.floor(min(max((y[i] - y0) / cell, -_OUTERMOST), _OUTERMOST))
        for neighbor in range(9):
            near_line, near_column = line + neighbor // 3 - 1, column + neighbor % 3 - 1
            other = head[_bucket(near_line, near_column, groups[i], buckets)]
            while other >= 0:
                if groups[other] == groups[i] and _squared_distance(boxes[i], boxes[other]) < radius * radius:
                    keep[i] = False
                    break
                other = following[other]
            if not keep[i]:
                break
        if keep[i]:
            bucket = _bucket(line, column, groups[i], buckets)
            following[i] = head[bucket]
            head[bucket] = i
    return keep


@inlined
def _bucket(line: int, column: int, group: int, buckets: int) -> int:
    mixed = line * 73856093 ^ column * 19349663 ^ group * 83492791
    return (mixed ^ (mixed >> 15)) & (buckets - 1)
