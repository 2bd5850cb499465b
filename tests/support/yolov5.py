"""YOLOv5's anchors, and its rule of assignment cell by cell."""

import math

ANCHORS = [[(10, 13), (16, 30), (33, 23)], [(30, 61), (62, 45), (59, 119)], [(116, 90), (156, 198), (373, 326)]]


STRIDES = [8, 16, 32]


def matches(box: list[float], level: int, size: tuple[int, int], max_ratio: float = 4.0) -> set[int]:
    """Indices of a box's anchors on one map, by the rule, cell by cell."""
    stride, (rows, columns) = STRIDES[level], size
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = (box[0] + box[2]) / 2 / stride, (box[1] + box[3]) / 2 / stride
    own = min(max(math.floor(x), 0), columns - 1), min(max(math.floor(y), 0), rows - 1)
    cells = {own}
    for axis, value in enumerate((x, y)):
        fraction = value - own[axis]
        if fraction != 0.5:
            neighbour = list(own)
            neighbour[axis] += 1 if fraction > 0.5 else -1
            if 0 <= neighbour[0] < columns and 0 <= neighbour[1] < rows:
                cells.add(tuple(neighbour))
    found = set()
    for index, (anchor_width, anchor_height) in enumerate(ANCHORS[level]):
        if min(width, height) > 0:
            ratios = [width / anchor_width, height / anchor_height]
            if max(*ratios, *(1 / ratio for ratio in ratios)) < max_ratio:
                found |= {(row * columns + column) * 3 + index for column, row in cells}
    return found
