"""An image while it is drawn: grounds and features first, then the objects where they belong."""

import math

import numpy as np
from numpy.typing import NDArray

from nwd_mmdet.datasets.synthetic.raster import FloatGrid, Rng, paint, rasterise
from nwd_mmdet.datasets.synthetic.scenes import GROUNDS, KINDS, LARGEST, OBJECTS, SCENES, SIZE_QUANTILES, TILE, Ground

Vector = tuple[float, float]

_GROUND_NAMES = tuple(GROUNDS)


def texture(rng: Rng, ground: Ground, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return an RGB image [H, W, 3] of a ground: its colour and noise at three scales, in integers."""
    tint = np.stack([_noise(rng, size, 64, ground.coarse // 3) for _ in range(3)], -1)
    light = _noise(rng, size, 64, ground.coarse) + _noise(rng, size, 8, ground.fine)
    light += rng.lattice((size[1], size[0]), ground.grain)
    return np.clip(tint + light[..., None] + np.array(ground.colour, np.int32), 0, 255).astype(np.uint8)


def _noise(rng: Rng, size: tuple[int, int], cell: int, amplitude: int) -> NDArray[np.int32]:
    """Bilinear value noise in [-amplitude, amplitude] on a lattice of ``cell`` px, int32 [H, W]."""
    lattice = rng.lattice((size[1] // cell + 2, size[0] // cell + 2), amplitude)
    x, y = np.arange(size[0]), np.arange(size[1])
    fx, fy = (x % cell).astype(np.int32), (y % cell).astype(np.int32)[:, None]
    rows = lattice[y // cell] * (cell - fy) + lattice[y // cell + 1] * fy
    noise: NDArray[np.int32] = (rows[:, x // cell] * (cell - fx) + rows[:, x // cell + 1] * fx) // (cell * cell)
    return noise


class Canvas:
    """An image being drawn: its pixels, which ground lies where, which pixels are taken, and the labelled boxes.

    Args:
        rng: Source of every random choice.
        size: Image (width, height) in pixels.
        scene: Key of ``SCENES``; it is drawn at once.
    """

    def __init__(self, rng: Rng, size: tuple[int, int], scene: str) -> None:
        ground = rng.choice(SCENES[scene].grounds)
        self.rng, self.size = rng, size
        self.image = texture(rng, GROUNDS[ground], size)
        self.ground = np.full((size[1], size[0]), _GROUND_NAMES.index(ground), np.uint8)
        self.taken = np.zeros((size[1], size[0]), bool)
        self.roads: list[tuple[Vector, Vector, float]] = []
        self.boxes: list[tuple[float, float, float, float]] = []
        self.names: list[str] = []
        for feature in SCENES[scene].features:
            getattr(self, feature)()
        for group in SCENES[scene].groups:
            for _ in range(max(1, size[0] * size[1] // TILE**2)):
                getattr(self, group.how)(group.kind, rng.integer(group.low, group.high))

    def road(self) -> None:
        """Lay a straight road anywhere."""
        self._lay_road(self._anywhere(0.2), self.rng.direction(), self.rng.uniform(9, 15))

    def coast(self) -> None:
        """Lay water on one side of a wavy line through the middle."""
        wobble = _noise(self.rng, self.size, 32, 128) / 16
        self._lay('water', self._across(self._anywhere(0.4), self.rng.direction()) + wobble)

    def river(self) -> None:
        """Lay a river and two roads that cross it on bridges."""
        point, (cos, sin) = self._anywhere(0.35), self.rng.direction()
        length, apart = min(1.6 * self._nominal_size('bridge'), LARGEST), 0.25 * min(self.size)
        crossings = [(point[0] + side * apart * cos, point[1] + side * apart * sin) for side in (-1, 1)]
        for crossing in crossings:
            self._lay_road(crossing, (-sin, cos), 0.14 * length)
        self._lay('water', 0.42 * length - np.abs(self._across(point, (cos, sin))))
        for crossing in crossings:
            self.place('bridge', crossing, (-sin, cos), length)

    def scatter(self, name: str, count: int) -> None:
        """Place objects one by one at random, with a few tries each."""
        for _ in range(count):
            size = self._nominal_size(name)
            for _ in range(25):
                direction = self.rng.direction()
                if self.place(name, self._anywhere(0.0), direction, self._length(name, size, direction)):
                    break

    def along_roads(self, name: str, count: int) -> None:
        """Place objects on the lanes of the roads, heading along them, with a few tries each."""
        for _ in range(count):
            size = self._nominal_size(name)
            for _ in range(25):
                (x, y), (cos, sin), half = self.rng.choice(self.roads)
                along, side = self.rng.uniform(-1, 1) * max(self.size), self.rng.choice((-0.5, 0.5)) * half
                forward = (cos, sin) if side > 0 else (-cos, -sin)
                centre = (x + along * cos - side * sin, y + along * sin + side * cos)
                if self.place(name, centre, forward, self._length(name, size, forward)):
                    break

    def rows(self, name: str, count: int) -> None:
        """Place rows of objects of one size side by side, as in parking lots, harbours and tank farms."""
        (cos, sin), aspect = self.rng.direction(), KINDS[name].aspect[1]
        length = min(self._length(name, self._nominal_size(name), (cos, sin)), 30.0)
        columns = math.ceil(math.sqrt(count / aspect))
        step_u, step_v = 1.3 * length, 1.45 * aspect * length
        x, y = next((p for p in (self._anywhere(0.3) for _ in range(25)) if self._stands(name, p)), self._anywhere(0.3))
        for i in range(count):
            if self.rng.uniform(0, 1) < 0.12:
                continue  # an empty place
            u = (i // columns - (count // columns) / 2 + self.rng.uniform(-0.06, 0.06)) * step_u
            v = (i % columns - (columns - 1) / 2) * step_v
            self.place(name, (x + u * cos - v * sin, y + u * sin + v * cos), (cos, sin), length)

    def place(self, name: str, centre: Vector, direction: Vector, length: float) -> bool:
        """Paint an object and record its box, unless it would leave the image or its grounds or hide another.

        Args:
            name: Key of ``KINDS``; those of ``OBJECTS`` are recorded, the look-alikes are not.
            centre: Centre (x, y) in pixels.
            direction: Unit vector of its length.
            length: Its length in pixels.

        Returns:
            Whether it was painted.
        """
        if not self._stands(name, centre):
            return False
        kind = KINDS[name]
        parts = kind.draw(self.rng, length, self.rng.uniform(*kind.aspect) * length)
        stamp = rasterise(parts, centre, direction if kind.turns else (1.0, 0.0), length, self.size)
        if stamp is None or self.taken[stamp.window][stamp.solid].any():
            return False
        x1, y1, x2, y2 = stamp.box
        corners = ((x1, y1), (x2, y1), (x1, y2), (x2, y2))
        if min(x2 - x1, y2 - y1) < 2 or (name != 'bridge' and not all(self._stands(name, c) for c in corners)):
            return False
        paint(self.image, stamp)
        self.taken[stamp.window] |= stamp.solid
        if name in OBJECTS:
            self.boxes.append(stamp.box)
            self.names.append(name)
        return True

    def _stands(self, name: str, point: Vector) -> bool:
        """Whether a point lies in the image on a ground where this kind belongs."""
        x, y = math.floor(point[0]), math.floor(point[1])
        inside = 0 <= x < self.size[0] and 0 <= y < self.size[1]
        return inside and _GROUND_NAMES[self.ground[y, x]] in KINDS[name].grounds

    def _anywhere(self, margin: float) -> Vector:
        """A point at least ``margin`` (a fraction of the side) away from the borders."""
        x, y = (self.rng.uniform(margin * side, (1 - margin) * side) for side in self.size)
        return x, y

    def _nominal_size(self, name: str) -> float:
        u = self.rng.uniform(0, 1)
        spans = zip(SIZE_QUANTILES, SIZE_QUANTILES[1:], strict=False)
        (u0, q0), (u1, q1) = next(span for span in spans if u < span[1][0])
        return min(KINDS[name].size * (q0 + (q1 - q0) * (u - u0) / (u1 - u0)), LARGEST)

    def _length(self, name: str, size: float, direction: Vector) -> float:
        """Length that gives a rectangle of this kind and direction a bounding box of area size²."""
        if not KINDS[name].turns:
            return size
        aspect = KINDS[name].aspect[1]
        cos, sin = abs(direction[0]), abs(direction[1])
        return size / math.sqrt((cos + aspect * sin) * (sin + aspect * cos))

    def _across(self, point: Vector, direction: Vector) -> FloatGrid:
        """Signed distance in px of every pixel centre from a line, [H, W]."""
        x = np.arange(self.size[0])[None, :] + 0.5 - point[0]
        y = np.arange(self.size[1])[:, None] + 0.5 - point[1]
        return y * direction[0] - x * direction[1]

    def _lay(self, ground: str, depth: FloatGrid) -> None:
        """Cover the pixels where ``depth``, px inside the new ground's border, is positive, with a soft border."""
        self._blend(texture(self.rng, GROUNDS[ground], self.size), depth)
        self.ground[depth > 0] = _GROUND_NAMES.index(ground)

    def _lay_road(self, point: Vector, direction: Vector, half: float) -> None:
        """Lay asphalt ``half`` px to both sides of a line, with a dashed centre line."""
        across, along = self._across(point, direction), self._across(point, (-direction[1], direction[0]))
        self._lay('asphalt', half - np.abs(across))
        dash = np.minimum(0.6 - np.abs(across), 3 - np.abs(along - 12 * np.floor(along / 12) - 6))
        self._blend(np.array((206, 202, 180), np.uint8), dash)
        self.roads.append((point, direction, half))

    def _blend(self, top: NDArray[np.uint8], depth: FloatGrid) -> None:
        cover = np.floor(np.clip(depth + 0.5, 0, 1) * 256).astype(np.int32)[..., None]
        self.image = ((self.image * (256 - cover) + top * cover) >> 8).astype(np.uint8)
