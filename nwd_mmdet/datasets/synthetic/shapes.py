"""The shapes of the synthetic aerial data set: AI-TOD's classes, and what resembles them.

Each function takes a random number generator, a length and a width in px and returns the parts of the shape, the lowest
first. The nose of an airplane and the bow of a ship point to ``+u``.
"""

import math

import numpy as np

from nwd_mmdet.datasets.synthetic.raster import BoolGrid, FloatGrid, Inside, Part, Rng


def ellipse(half_u: float, half_v: float, u0: float = 0.0, v0: float = 0.0) -> Inside:
    """Return the predicate of an axis-aligned ellipse around (u0, v0)."""
    return lambda u, v: np.square((u - u0) / half_u) + np.square((v - v0) / half_v) <= 1


def rectangle(u_low: float, u_high: float, v_low: float, v_high: float) -> Inside:
    """Return the predicate of an axis-aligned rectangle."""
    return lambda u, v: (u >= u_low) & (u <= u_high) & (v >= v_low) & (v <= v_high)


def _box(length: float, width: float) -> Inside:
    return rectangle(-length / 2, length / 2, -width / 2, width / 2)


def airplane(rng: Rng, length: float, width: float) -> list[Part]:
    """A light fuselage with swept wings and a tail."""
    colour = rng.choice([(250, 250, 250), (236, 240, 246), (225, 225, 230)])
    half_body = max(0.075 * length, 0.8)

    def wing(span: float, front: float, chord: float) -> Inside:
        def inside(u: FloatGrid, v: FloatGrid) -> BoolGrid:
            away = np.abs(v)
            lead = front - 0.5 * away
            return (away <= span) & (u <= lead) & (u >= lead - max(chord, 1.2) * (1 - 0.5 * away / span))

        return inside

    return [
        Part(colour, wing(width / 2, 0.16 * length, 0.28 * length)),
        Part(colour, wing(0.2 * width, -0.3 * length, 0.16 * length)),
        Part(colour, ellipse(length / 2, half_body)),
        Part((70, 80, 95), ellipse(0.05 * length, 0.5 * half_body, 0.38 * length)),
    ]


def bridge(rng: Rng, length: float, width: float) -> list[Part]:
    """A pale deck with bright railings and a dark carriageway."""
    rail = max(0.14 * width, 1.0)
    return [
        Part((228, 222, 208), _box(length, width)),
        Part((120, 118, 116), rectangle(-length / 2, length / 2, rail - width / 2, width / 2 - rail)),
    ]


def storage_tank(rng: Rng, length: float, width: float) -> list[Part]:
    """A white cylinder from above: rim, roof and the shadow it throws."""
    half, roof = length / 2, rng.choice([(245, 245, 240), (232, 228, 214), (214, 222, 226)])
    return [
        Part((58, 56, 54), ellipse(half, half, 0.2 * length, 0.2 * length), solid=False),
        Part((138, 138, 138), ellipse(half, half)),
        Part(roof, ellipse(0.84 * half, 0.84 * half)),
        Part((165, 165, 162), ellipse(0.2 * half, 0.2 * half)),
    ]


def ship(rng: Rng, length: float, width: float) -> list[Part]:
    """A hull with a pointed bow, a deck and a bridge house at the stern."""
    hull, deck = rng.choice(
        [((240, 240, 240), (205, 190, 160)), ((150, 45, 40), (190, 120, 90)), ((45, 45, 52), (150, 90, 70))]
    )

    def outline(scale: float) -> Inside:
        def inside(u: FloatGrid, v: FloatGrid) -> BoolGrid:
            taper = np.maximum(u / (scale * length) - 0.05, 0) / 0.45
            return (np.abs(u) <= scale * length / 2) & (np.abs(v) <= scale * width / 2 * (1 - taper * taper))

        return inside

    return [
        Part(hull, outline(1.0)),
        Part(deck, outline(0.7)),
        Part((250, 250, 250), rectangle(-0.4 * length, -0.18 * length, -0.3 * width, 0.3 * width)),
    ]


def swimming_pool(rng: Rng, length: float, width: float) -> list[Part]:
    """Bright cyan water inside a pale rim, with straight or with round ends."""
    colour = rng.choice([(40, 205, 225), (60, 190, 235), (85, 220, 220)])
    rim = max(0.09 * width, 0.7)
    outer, inner = (_box, lambda a, b: ellipse(a / 2, b / 2))[rng.integer(0, 1)], (length - 2 * rim, width - 2 * rim)
    return [Part((235, 230, 215), outer(length, width)), Part(colour, outer(*inner))]


def vehicle(rng: Rng, length: float, width: float) -> list[Part]:
    """A car or van: one body colour, dark windscreen and rear window."""
    body = rng.choice(
        [(245, 245, 245), (200, 30, 30), (35, 70, 170), (235, 190, 40), (28, 28, 32), (176, 180, 186), (245, 245, 245)]
    )
    glass = (110, 120, 130) if body[0] < 40 else (30, 36, 46)
    return [
        Part(body, _box(length, width)),
        Part(glass, rectangle(0.08 * length, 0.24 * length, -0.38 * width, 0.38 * width)),
        Part(glass, rectangle(-0.36 * length, -0.26 * length, -0.36 * width, 0.36 * width)),
    ]


def person(rng: Rng, length: float, width: float) -> list[Part]:
    """Shoulders in a bright colour, a dark head, and a shadow."""
    shirt = rng.choice([(225, 40, 120), (250, 110, 20), (150, 40, 190), (230, 30, 60)])
    return [
        Part((62, 60, 54), ellipse(0.4 * length, 0.3 * length, 0.4 * length, 0.25 * length), solid=False),
        Part(shirt, ellipse(length / 2, width / 2)),
        Part((40, 26, 20), ellipse(0.24 * length, 0.3 * width)),
    ]


def wind_mill(rng: Rng, length: float, width: float) -> list[Part]:
    """Three white blades at 120 degrees around a hub, above a thin shadow of the tower."""
    half, thick = length / 2, max(0.055 * length, 0.75)

    def blade(cos: float, sin: float) -> Inside:
        def inside(u: FloatGrid, v: FloatGrid) -> BoolGrid:
            along, across = u * cos + v * sin, v * cos - u * sin
            return (along >= 0) & (along <= half) & (np.abs(across) <= thick * (1.2 - 0.5 * along / half))

        return inside

    half_sqrt3 = math.sqrt(0.75)
    return [
        Part((62, 66, 58), rectangle(0, 0.6 * length, 0, thick), solid=False),
        *(Part((252, 252, 252), blade(*d)) for d in ((1.0, 0.0), (-0.5, half_sqrt3), (-0.5, -half_sqrt3))),
        Part((190, 195, 200), ellipse(1.3 * thick, 1.3 * thick)),
    ]


def house(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of vehicles and pools: a gabled roof."""
    r, g, b = rng.choice([(150, 78, 60), (128, 120, 112), (168, 138, 104)])
    return [
        Part((r, g, b), _box(length, width)),
        Part((r * 3 // 4, g * 3 // 4, b * 3 // 4), rectangle(-length / 2, length / 2, 0, width / 2)),
    ]


def tree(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of tanks and persons: a round crown with a lit side."""
    r, g, b = rng.choice([(38, 70, 34), (52, 84, 40), (70, 86, 44)])
    return [
        Part((46, 54, 40), ellipse(length / 2, length / 2, 0.16 * length, 0.16 * length), solid=False),
        Part((r, g, b), ellipse(length / 2, length / 2)),
        Part((r + 22, g + 26, b + 14), ellipse(0.24 * length, 0.24 * length, -0.12 * length, -0.12 * length)),
    ]


def parasol(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of persons and tanks: a round sunshade with a pale middle."""
    half = length / 2
    return [
        Part((62, 60, 54), ellipse(half, half, 0.3 * length, 0.2 * length), solid=False),
        Part(rng.choice([(215, 60, 50), (60, 120, 200), (240, 205, 70)]), ellipse(half, half)),
        Part((240, 238, 230), ellipse(0.4 * half, 0.4 * half)),
    ]


def rock(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of tanks: a grey boulder."""
    tone = rng.integer(110, 165)
    return [
        Part((tone - 50,) * 3, ellipse(0.45 * length, 0.45 * length, 0.12 * length, 0.12 * length), solid=False),
        Part((tone, tone - 4, tone - 10), ellipse(length / 2, width / 2)),
    ]


def container(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of vehicles: a plain coloured box without windows."""
    return [Part(rng.choice([(170, 60, 40), (40, 90, 140), (60, 120, 80), (190, 150, 60)]), _box(length, width))]


def wave(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of ships: a streak of foam."""
    tone = rng.integer(150, 205)
    return [Part((tone - 14, tone, tone + 4), ellipse(length / 2, max(width / 2, 0.6)))]


def pond(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of pools: dull dark water without a rim."""
    return [Part(rng.choice([(52, 78, 84), (64, 86, 70), (44, 66, 88)]), ellipse(length / 2, width / 2))]


def marking(rng: Rng, length: float, width: float) -> list[Part]:
    """Look-alike of airplanes and wind mills: a painted cross or bar."""
    thick = max(0.09 * length, 0.7)
    bar = Part((226, 224, 214), rectangle(-length / 2, length / 2, -thick, thick))
    return [bar, Part(bar.colour, rectangle(-thick, thick, -width / 2, width / 2))][: rng.integer(1, 2)]
