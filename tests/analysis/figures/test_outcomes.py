"""Pictures with right, wrong and missed boxes."""

import numpy as np
import pytest
import torch

from nwd_mmdet.analysis.detection_outcomes import Outcome
from nwd_mmdet.analysis.figures.outcomes import draw_outcomes

GREEN, BLUE, RED = (60, 220, 60), (255, 150, 50), (60, 60, 255)  # BGR


@pytest.mark.parametrize(
    ('shape', 'panel'), [((90, 60), (900, 640)), ((50, 100), (450, 900)), ((1200, 800), (1200, 800))]
)
def test_picture(shape: tuple, panel: tuple) -> None:
    boxes = torch.tensor([[10.0, 10, 16, 16]])
    outcome = Outcome(boxes, boxes + 15, boxes[:0], boxes[:, 0])
    picture = draw_outcomes(
        np.full((*shape, 3), 90, np.uint8),
        {'first': outcome, 'x' * 99: Outcome(boxes[:0], boxes[:0], boxes, boxes[:0, 0])},
    )
    assert picture.shape == (panel[0] + 72, 2 * panel[1] + 6, 3)
    first, second = (side[48:-24] for side in np.split(picture[:, : 2 * panel[1] + 6], [panel[1] + 3], 1))
    for side, there in ((first, (GREEN, BLUE)), (second, (RED,))):
        for colour in (GREEN, BLUE, RED):
            assert (side == colour).all(-1).any() == (colour in there)
    factor = max(1, round(900 / max(shape)))
    x, size = 10 * factor, 6 * factor
    assert (first[x : x + size, x : x + size] == 90).all(), 'the object is painted over'
