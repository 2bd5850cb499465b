"""The shapes of the synthetic set: their boxes are tight."""

import numpy as np
import pytest

from nwd_mmdet.datasets.synthetic.raster import Rng, paint, rasterise
from nwd_mmdet.datasets.synthetic.scenes import KINDS


@pytest.mark.parametrize('name', KINDS)
def test_boxes_are_tight(name):
    rng, background = Rng(5), np.full((64, 64, 3), (0, 255, 0), np.uint8)
    for length in (5.0, 12.0, 27.0):
        parts = [p for p in KINDS[name].draw(rng, length, KINDS[name].aspect[0] * length) if p.solid]
        centre = (32 + rng.uniform(-1, 1), 32 + rng.uniform(-1, 1))
        stamp = rasterise(parts, centre, rng.direction(), length, (64, 64))
        image = background.copy()
        paint(image, stamp)
        ys, xs = np.nonzero((image != background).any(2))
        x1, y1, x2, y2 = stamp.box
        assert (xs.min(), ys.min()) == (np.floor(x1), np.floor(y1))
        assert (xs.max() + 1, ys.max() + 1) == (np.ceil(x2), np.ceil(y2))
