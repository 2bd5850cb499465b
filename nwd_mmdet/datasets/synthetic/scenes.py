"""Where things stand in the synthetic aerial data set: grounds, roads and coasts, and what belongs on them."""

from collections.abc import Callable
from typing import NamedTuple

from nwd_mmdet.datasets.synthetic import shapes
from nwd_mmdet.datasets.synthetic.raster import RGB, Part, Rng

TILE = 256  # a scene's counts of objects are per 256 px × 256 px
LARGEST = 62.0  # no object is asked for at a larger absolute size, px


class Ground(NamedTuple):
    """Colour of a ground and the amplitudes of its texture at 64, 8 and 1 px, in grey levels."""

    colour: RGB
    coarse: int
    fine: int
    grain: int


GROUNDS = {
    'grass': Ground((92, 116, 66), 16, 12, 7),
    'field': Ground((134, 116, 80), 18, 8, 6),
    'sand': Ground((202, 184, 146), 12, 7, 6),
    'water': Ground((44, 84, 112), 12, 6, 4),
    'asphalt': Ground((98, 98, 102), 8, 5, 6),
    'concrete': Ground((164, 162, 156), 9, 5, 5),
}


class Kind(NamedTuple):
    """What can be placed.

    Attributes:
        draw: Its shape.
        size: Mean of its nominal size, the absolute size of the rectangle of its length and width, in px.
        aspect: Range of its width / length.
        grounds: Where it stands.
        turns: Whether it points anywhere; what is round from above keeps one direction, for its lit side.
    """

    draw: Callable[[Rng, float, float], list[Part]]
    size: float
    aspect: tuple[float, float]
    grounds: tuple[str, ...]
    turns: bool = True


OBJECTS = {
    'airplane': Kind(shapes.airplane, 26.0, (0.85, 1.0), ('concrete',)),
    'bridge': Kind(shapes.bridge, 20.0, (0.3, 0.3), ('asphalt', 'water')),
    'storage-tank': Kind(shapes.storage_tank, 14.0, (1.0, 1.0), ('concrete', 'sand'), turns=False),
    'ship': Kind(shapes.ship, 16.0, (0.3, 0.42), ('water',)),
    'swimming-pool': Kind(shapes.swimming_pool, 16.0, (0.5, 0.85), ('grass',)),
    'vehicle': Kind(shapes.vehicle, 14.0, (0.42, 0.52), ('asphalt', 'concrete')),
    'person': Kind(shapes.person, 10.5, (0.55, 0.8), ('sand', 'grass', 'field')),
    'wind-mill': Kind(shapes.wind_mill, 28.0, (1.0, 1.0), ('grass', 'field', 'sand')),
}
LOOK_ALIKES = {
    'house': Kind(shapes.house, 24.0, (0.6, 0.95), ('grass', 'field')),
    'tree': Kind(shapes.tree, 11.0, (1.0, 1.0), ('grass', 'field'), turns=False),
    'rock': Kind(shapes.rock, 8.0, (0.6, 0.9), ('sand', 'field', 'grass')),
    'parasol': Kind(shapes.parasol, 8.0, (1.0, 1.0), ('sand',), turns=False),
    'container': Kind(shapes.container, 12.0, (0.3, 0.4), ('concrete', 'asphalt')),
    'wave': Kind(shapes.wave, 8.0, (0.12, 0.25), ('water',)),
    'pond': Kind(shapes.pond, 15.0, (0.6, 0.9), ('grass', 'field')),
    'marking': Kind(shapes.marking, 12.0, (0.5, 1.0), ('asphalt', 'concrete')),
}
KINDS = OBJECTS | LOOK_ALIKES

# Piecewise linear quantiles of size / mean nominal size: mean 1, a small tail.
SIZE_QUANTILES = ((0.0, 0.35), (0.1, 0.6), (0.3, 0.78), (0.5, 0.92), (0.7, 1.1), (0.9, 1.48), (0.98, 1.85), (1.0, 2.8))


class Group(NamedTuple):
    """Between ``low`` and ``high`` objects of a kind per tile, placed by the ``Canvas`` method ``how``."""

    kind: str
    how: str
    low: int
    high: int


class Scene(NamedTuple):
    """One of ``grounds`` with features (``Canvas`` methods) on it, and the groups of objects that belong there."""

    grounds: tuple[str, ...]
    features: tuple[str, ...]
    groups: tuple[Group, ...]


def _scattered(**counts: tuple[int, int]) -> tuple[Group, ...]:
    return tuple(Group(kind.replace('_', '-'), 'scatter', *count) for kind, count in counts.items())


_GREEN = _scattered(tree=(3, 10), house=(0, 3), rock=(0, 3))
_SEA = _scattered(wave=(4, 14))
SCENES = {
    'parking': Scene(
        ('asphalt', 'concrete'),
        (),
        (Group('vehicle', 'rows', 18, 36), *_scattered(vehicle=(0, 4), marking=(1, 5), container=(1, 5))),
    ),
    'roads': Scene(
        ('grass', 'field'),
        ('road', 'road'),
        (Group('vehicle', 'along_roads', 7, 15), *_scattered(person=(0, 3)), *_GREEN),
    ),
    'suburb': Scene(
        ('grass',),
        ('road',),
        (*_scattered(swimming_pool=(3, 7), house=(4, 9), pond=(1, 3)), Group('vehicle', 'along_roads', 2, 7), *_GREEN),
    ),
    'harbour': Scene(
        ('concrete',),
        ('coast',),
        (Group('ship', 'rows', 10, 20), *_scattered(ship=(2, 5), vehicle=(2, 6), container=(2, 7)), *_SEA),
    ),
    'sea': Scene(('water',), (), (*_scattered(ship=(4, 10)), *_SEA)),
    'beach': Scene(
        ('sand',), ('coast',), (*_scattered(person=(7, 16), ship=(1, 4), parasol=(1, 5), rock=(1, 5)), *_SEA)
    ),
    'tanks': Scene(
        ('concrete', 'sand'),
        ('road',),
        (
            Group('storage-tank', 'rows', 8, 16),
            *_scattered(storage_tank=(1, 4), rock=(0, 4), marking=(0, 3)),
            Group('vehicle', 'along_roads', 2, 5),
        ),
    ),
    'airport': Scene(('concrete',), ('road',), _scattered(airplane=(4, 8), vehicle=(1, 5), marking=(2, 6))),
    'river': Scene(
        ('grass', 'field'),
        ('river',),
        (*_scattered(ship=(0, 4), person=(0, 2)), Group('vehicle', 'along_roads', 2, 6), *_GREEN),
    ),
    'wind farm': Scene(
        ('grass', 'field', 'sand'),
        ('road',),
        (*_scattered(wind_mill=(4, 7), person=(0, 3)), Group('vehicle', 'along_roads', 1, 4), *_GREEN),
    ),
    'empty land': Scene(
        ('grass', 'field', 'sand', 'concrete'), ('road',), (*_scattered(marking=(0, 4), pond=(0, 2)), *_GREEN)
    ),
    'empty sea': Scene(('water',), (), _SEA),
}
