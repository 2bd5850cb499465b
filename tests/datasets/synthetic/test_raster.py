"""Random draws, rasterising and painting by hand."""

import numpy as np
import pytest

from nwd_mmdet.datasets.synthetic.raster import SUBPIXELS, Part, Rng, paint, rasterise
from nwd_mmdet.datasets.synthetic.scenes import OBJECTS
from nwd_mmdet.datasets.synthetic.shapes import rectangle


def test_a_shape_that_would_leave_the_image_is_not_drawn():
    parts = OBJECTS['vehicle'].draw(Rng(0), 12.0, 6.0)
    assert rasterise(parts, (30.0, 30.0), (1.0, 0.0), 12.0, (64, 64)) is not None
    assert rasterise(parts, (4.0, 30.0), (1.0, 0.0), 12.0, (64, 64)) is None
    assert rasterise(parts, (-90.0, 30.0), (1.0, 0.0), 12.0, (64, 64)) is None


def test_draws_keep_their_bounds_and_follow_their_key():
    first, again, other = Rng(3, 1), Rng(3, 1), Rng(3, 2)
    draws = [[rng.uniform(-2, 5) for _ in range(50)] for rng in (first, again, other)]
    assert draws[0] == draws[1] != draws[2] and all(-2 <= value < 5 for value in draws[0])
    assert {first.integer(2, 5) for _ in range(200)} == {2, 3, 4, 5}
    assert {first.choice('ab') for _ in range(50)} == {'a', 'b'}
    assert sorted(first.shuffle(range(9))) == list(range(9)) != first.shuffle(range(9))
    assert set(np.unique(first.lattice((40, 40), 2))) == {-2, -1, 0, 1, 2}
    directions = np.array([first.direction() for _ in range(200)])
    assert np.allclose((directions**2).sum(1), 1) and (np.abs(directions).max(0) > 0.9).all()
    assert (directions.min(0) < -0.9).all(), 'all round the circle'


def test_a_part_covers_pixels_by_its_share():
    part = Part((255, 0, 0), rectangle(-1, 1, -0.5, 0.5))
    stamp = rasterise([part], (8.0, 8.0), (1.0, 0.0), 2.0, (16, 16))
    assert stamp.box == (7, 7.5, 9, 8.5)
    rows, columns = stamp.window
    coverage = np.zeros((16, 16), int)
    coverage[rows, columns] = stamp.layers[0][1]
    half = SUBPIXELS * SUBPIXELS // 2
    assert coverage[7:9, 7:9].tolist() == [[half, half], [half, half]] and coverage.sum() == 4 * half
    image = np.zeros((16, 16, 3), np.uint8)
    paint(image, stamp)
    assert image[7, 7].tolist() == [128, 0, 0] and image.sum() == 4 * 128


def test_shadows_do_not_count_for_the_box_and_do_not_turn():
    shadow = Part((9, 9, 9), rectangle(0, 3, 0, 1), solid=False)
    solid = Part((200, 200, 200), rectangle(-1, 1, -1, 1))
    stamp = rasterise([shadow, solid], (8.0, 8.0), (0.0, 1.0), 4.0, (16, 16))
    assert stamp.box == (7, 7, 9, 9)
    rows, columns = np.nonzero(stamp.layers[0][1])
    assert np.ptp(columns) == 2 and np.ptp(rows) == 0, 'along the image, whatever the direction'
    assert rasterise([shadow], (8.0, 8.0), (1.0, 0.0), 4.0, (16, 16)) is None


@pytest.mark.parametrize('centre', [(1.0, 8.0), (8.0, 15.0), (40.0, 40.0)])
def test_nothing_over_the_border(centre):
    assert rasterise([Part((1, 1, 1), rectangle(-1, 1, -1, 1))], centre, (1.0, 0.0), 2.0, (16, 16)) is None
