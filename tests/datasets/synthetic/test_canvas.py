"""An image while it is drawn: where objects may be placed, and what is recorded."""

import numpy as np
import pytest

from nwd_mmdet.datasets.synthetic.canvas import Canvas, texture
from nwd_mmdet.datasets.synthetic.raster import Rng
from nwd_mmdet.datasets.synthetic.scenes import GROUNDS

RIGHT = (1.0, 0.0)


@pytest.fixture
def sea():
    """128 x 96 px of water with waves, which are no objects."""
    return Canvas(Rng(0), (128, 96), 'empty sea')


def place_where_free(canvas, name, length=12.0):
    """The first centre where it can be placed."""
    centres = [(x, y) for y in range(20, 80, 4) for x in range(20, 110, 4)]
    return next((centre for centre in centres if canvas.place(name, centre, RIGHT, length)), None)


def test_objects_are_recorded_where_they_were_painted(sea):
    before = sea.image.copy()
    x, y = place_where_free(sea, 'ship')
    (box,) = sea.boxes
    assert sea.names == ['ship'] and box[0] < x < box[2] and box[1] < y < box[3]
    rows, columns = np.nonzero((sea.image != before).any(2))
    assert columns.min() == np.floor(box[0]) and rows.max() + 1 == np.ceil(box[3])
    assert sea.taken[int(y), int(x)]


def test_nothing_is_hidden_leaves_the_image_or_stands_on_another_ground(sea):
    x, y = place_where_free(sea, 'ship')
    for name, centre in (
        ('ship', (x + 2, y)),
        ('ship', (2.0, 50.0)),
        ('ship', (-9.0, 50.0)),
        ('vehicle', (64.0, 48.0)),
    ):
        before = sea.image.copy()
        assert not sea.place(name, centre, RIGHT, 12.0)
        assert (sea.image == before).all() and len(sea.boxes) == 1


def test_look_alikes_are_painted_and_not_recorded(sea):
    assert place_where_free(sea, 'wave') and sea.boxes == [] and sea.names == []


def test_features_change_the_ground():
    river = Canvas(Rng(1), (128, 128), 'river')
    assert len(np.unique(river.ground)) >= 3, 'land, water and roads'
    assert len(river.roads) == 2 and river.names.count('bridge') <= 2


def test_textures_keep_to_their_ground():
    image = texture(Rng(0), GROUNDS['water'], (70, 50))
    assert image.shape == (50, 70, 3) and image.dtype == np.uint8 and image.std() > 1
    assert np.abs(image.mean((0, 1)) - GROUNDS['water'].colour).max() < 16
    assert (texture(Rng(0), GROUNDS['water'], (70, 50)) == image).all()
