"""Random draws, rasterising and painting that give the same bytes on every machine, in numpy alone.

Every value that decides a pixel or a box comes from integers or from ``+ - * /``, ``sqrt`` and comparisons on
float64, which IEEE 754 rounds the same way on every machine. There is no sine, no exponential, no BLAS and no float
sum, so the same seed gives the same bytes everywhere.

A shape is a list of parts painted one over the other; a part is a colour and a predicate over the object's own axes
in pixels, ``u`` along its length and ``v`` across it.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]
BoolGrid = NDArray[np.bool_]
FloatGrid = NDArray[np.float64]
Inside = Callable[[FloatGrid, FloatGrid], BoolGrid]

SUBPIXELS = 4  # samples per pixel and axis: boxes are exact to a quarter of a pixel


class Rng:
    """Random draws that are the same on every machine and with every numpy release.

    Only ``Generator.random`` of a PCG64 stream is used: unlike the normal distribution it involves no libm.

    Args:
        key: Non-negative integers that name the stream.
    """

    def __init__(self, *key: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def uniform(self, low: float, high: float) -> float:
        """Return a float in [low, high)."""
        return low + (high - low) * float(self._generator.random())

    def integer(self, low: int, high: int) -> int:
        """Return an integer in [low, high]."""
        return low + int(self._generator.random() * (high - low + 1))

    def choice(self, options: Sequence[Any]) -> Any:
        """Return one of the options, each with the same chance."""
        return options[self.integer(0, len(options) - 1)]

    def shuffle(self, options: Sequence[Any]) -> list[Any]:
        """Return the options in random order."""
        order = list(options)
        for i in range(len(order) - 1, 0, -1):
            j = self.integer(0, i)
            order[i], order[j] = order[j], order[i]
        return order

    def lattice(self, shape: tuple[int, ...], amplitude: int) -> NDArray[np.int32]:
        """Return integers in [-amplitude, amplitude], int32, of that shape."""
        return (self._generator.random(shape) * (2 * amplitude + 1)).astype(np.int32) - amplitude

    def direction(self) -> tuple[float, float]:
        """Return a unit vector (cos, sin) all round the circle, by the rational parametrisation of the circle."""
        t = self.uniform(-1, 1)
        cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        return (cos, sin) if self.uniform(0, 1) < 0.5 else (-cos, -sin)


class Part(NamedTuple):
    """One colour of a shape.

    ``solid`` parts make up the object and its box. The others are shadows: they lie outside the box, and their
    predicate takes image axes, so that all shadows of an image fall the same way.
    """

    colour: RGB
    inside: Inside
    solid: bool = True


class Stamp(NamedTuple):
    """A shape rasterised at its place, not painted yet.

    Attributes:
        window: Slices (rows, columns) of the image that it may touch.
        layers: Colour and coverage in 1/SUBPIXELS² of a pixel, uint8 [rows, columns], one per part.
        solid: Pixels that a solid part touches, bool [rows, columns].
        box: Tight box (x1, y1, x2, y2) of the solid parts in pixels, multiples of 1/SUBPIXELS.
    """

    window: tuple[slice, slice]
    layers: list[tuple[RGB, NDArray[np.uint8]]]
    solid: BoolGrid
    box: tuple[float, float, float, float]


def rasterise(
    parts: Sequence[Part],
    centre: tuple[float, float],
    direction: tuple[float, float],
    reach: float,
    size: tuple[int, int],
) -> Stamp | None:
    """Sample a shape on the sub-pixel grid.

    Args:
        parts: The shape.
        centre: Its centre (x, y) in pixels.
        direction: Unit vector of its ``u`` axis in the image.
        reach: No part lies further than this from the centre, in pixels.
        size: Image (width, height) in pixels.

    Returns:
        The stamp, or None where a solid part would leave the image or nothing solid is drawn.
    """
    (cx, cy), (cos, sin), (width, height) = centre, direction, size
    left, top = max(math.floor(cx - reach), 0), max(math.floor(cy - reach), 0)
    right, bottom = min(math.ceil(cx + reach), width), min(math.ceil(cy + reach), height)
    if right <= left or bottom <= top:
        return None
    dx = left - cx + (np.arange((right - left) * SUBPIXELS) + 0.5)[None, :] / SUBPIXELS
    dy = top - cy + (np.arange((bottom - top) * SUBPIXELS) + 0.5)[:, None] / SUBPIXELS
    u, v = dx * cos + dy * sin, dy * cos - dx * sin
    union, layers = np.zeros(u.shape, bool), []
    for part in parts:
        mask = part.inside(u, v) if part.solid else part.inside(dx, dy)
        if part.solid:
            union |= mask
        layers.append((part.colour, _coverage(mask)))
    rows, columns = np.flatnonzero(union.any(1)), np.flatnonzero(union.any(0))
    if len(rows) == 0:
        return None
    x1, x2 = left + columns[0] / SUBPIXELS, left + (columns[-1] + 1) / SUBPIXELS
    y1, y2 = top + rows[0] / SUBPIXELS, top + (rows[-1] + 1) / SUBPIXELS
    if x1 <= 0 or y1 <= 0 or x2 >= width or y2 >= height:
        return None
    window = (slice(top, bottom), slice(left, right))
    return Stamp(window, layers, _coverage(union) > 0, (float(x1), float(y1), float(x2), float(y2)))


def _coverage(mask: BoolGrid) -> NDArray[np.uint8]:
    """Count the samples inside in every pixel, uint8 [rows, columns]."""
    samples = mask.view(np.uint8)
    lines = reduce(np.add, (samples[i::SUBPIXELS] for i in range(SUBPIXELS)))
    return reduce(np.add, (lines[:, i::SUBPIXELS] for i in range(SUBPIXELS)))


def paint(image: NDArray[np.uint8], stamp: Stamp) -> None:
    """Blend a stamp into an RGB image [H, W, 3] in place, in integers."""
    full = SUBPIXELS * SUBPIXELS
    patch = image[stamp.window].astype(np.uint16)
    for colour, coverage in stamp.layers:
        cover = coverage[..., None].astype(np.uint16)
        patch = (patch * (full - cover) + np.array(colour, np.uint16) * cover + full // 2) // full
    image[stamp.window] = patch
