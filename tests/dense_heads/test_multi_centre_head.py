import pytest
import torch
from mmdet.models.dense_heads import CenterNetHead
from mmengine.config import ConfigDict

from nwd_mmdet.dense_heads import MultiCentreHead

STRIDE = 4
SHAPE = (1, 2, 8, 10)  # of the feature map: two classes, 32 x 40 px


def head(num_centres: int = 4) -> MultiCentreHead:
    return MultiCentreHead(4, 4, 2, num_centres=num_centres, test_cfg=ConfigDict(topk=3, local_maximum_kernel=3))


def targets(boxes: list, labels: list, num_centres: int = 4) -> tuple[dict, int]:
    boxes = torch.tensor(boxes, dtype=torch.float).reshape(-1, 4)
    labels = torch.tensor(labels, dtype=torch.long)
    size = (SHAPE[2] * STRIDE, SHAPE[3] * STRIDE)
    return head(num_centres).get_targets([boxes], [labels], SHAPE, size)


def claimed(result: dict) -> set[tuple[int, int]]:
    """(x, y) of the points that learn a box."""
    return {(x, y) for y, x in result['wh_offset_target_weight'][0, 0].nonzero().tolist()}


@pytest.mark.parametrize(
    'reason, box, num_centres, points',
    [
        ('all four around a centre at (3.25, 2.25)', (5, 1, 21, 17), 4, {(3, 2), (4, 2), (3, 3), (4, 3)}),
        ('the nearest two, of a centre at (3.25, 2.5)', (5, 0, 21, 20), 2, {(3, 2), (3, 3)}),
        ('one: CenterNet', (5, 1, 21, 17), 1, {(3, 2)}),
        ('only points in the box, besides the first', (13.5, 8, 17, 12), 4, {(3, 2), (4, 2), (4, 3)}),
        ('the first, where none lies in the box', (13, 9, 15, 11), 4, {(3, 2)}),
        ('none outside the map', (36, 28, 40, 32), 4, {(9, 7)}),
        ('none outside the map, of a centre on its edge', (40, 32, 40, 32), 4, {(9, 7)}),
    ],
)
def test_centre_points(reason: str, box: tuple, num_centres: int, points: set) -> None:
    result, count = targets([box], [1], num_centres)
    assert claimed(result) == points
    assert count == len(points) == result['center_heatmap_target'][0, 1].eq(1).sum()
    assert not result['center_heatmap_target'][0, 0].any()


def test_every_point_tells_of_the_true_box() -> None:
    box = torch.tensor([5.0, 1, 23, 17])
    result, _ = targets([box.tolist()], [0])
    for x, y in claimed(result):
        centre = torch.tensor([x, y]) + result['offset_target'][0, :, y, x]
        size = result['wh_target'][0, :, y, x]
        torch.testing.assert_close(torch.cat([centre - size / 2, centre + size / 2]) * STRIDE, box)


def test_the_nearer_object_has_a_point_that_two_claim() -> None:
    far, near = [0, 0, 18, 18], [6, 6, 10, 10]  # centres (2.25, 2.25) and (2, 2)
    for boxes in ([far, near], [near, far]):
        result, _ = targets(boxes, [0, 1])
        assert result['wh_target'][0, :, 2, 2].tolist() == [1, 1]
        assert result['wh_target'][0, :, 3, 3].tolist() == [4.5, 4.5]


def test_with_one_centre_it_is_mmdets_head() -> None:
    torch.manual_seed(0)
    ours, theirs = head(1), CenterNetHead(4, 4, 2)
    corner = torch.tensor([[0.0, 0], [20, 2], [3, 18], [25, 20]])
    boxes = torch.cat([corner, corner + torch.rand(4, 2) * 12 + 1], dim=1)
    arguments = ([boxes, boxes[:0]], [torch.tensor([0, 1, 1, 0]), torch.zeros(0, dtype=torch.long)])
    (found, count), (expected, expected_count) = (
        which.get_targets(*arguments, (2, *SHAPE[1:]), (32, 40)) for which in (ours, theirs)
    )
    assert count == expected_count
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value)
    maps = [torch.rand(1, 2, 8, 10), torch.rand(1, 2, 8, 10) * 3, torch.rand(1, 2, 8, 10)]
    for found, expected in zip(
        ours._decode_heatmap(*maps, (32, 40), k=5), theirs._decode_heatmap(*maps, (32, 40), k=5)
    ):
        torch.testing.assert_close(found, expected)


def test_what_was_learnt_is_detected() -> None:
    """The targets themselves as predictions give the objects back, whichever of their points is the highest."""
    boxes = [[5.0, 1, 21, 17], [22, 14, 31, 27]]
    result, _ = targets(boxes, [0, 1])
    heatmap = result['center_heatmap_target'].clone()
    heatmap[0, 0, 3, 4] += 0.1  # the peak is not the first of the first object's four points
    heatmap[0, 1] *= 0.5
    found, labels = head()._decode_heatmap(heatmap, result['wh_target'], result['offset_target'], (32, 40), k=2)
    assert labels.tolist() == [[0, 1]]
    torch.testing.assert_close(found[0, :, :4], torch.tensor(boxes))
    torch.testing.assert_close(found[0, :, 4], torch.tensor([1.1, 0.5]))


def test_boxes_are_averaged_by_score() -> None:
    heatmap = torch.zeros(SHAPE)
    heatmap[0, 1, 3, 4], heatmap[0, 1, 3, 5] = 0.6, 0.2
    offset = torch.zeros(1, 2, 8, 10)
    offset[0, 0, 3, 4], offset[0, 0, 3, 5] = 1.0, -0.2  # centres at x = 5 and x = 4.8
    found, _ = head(2)._decode_heatmap(heatmap, torch.full((1, 2, 8, 10), 2.0), offset, (32, 40), k=1)
    centre = STRIDE * (0.6 * 5 + 0.2 * 4.8) / 0.8
    assert found[0, 0].tolist() == pytest.approx([centre - 4, 8, centre + 4, 16, 0.6])


def test_detections_in_a_corner_stay_finite() -> None:
    heatmap = torch.zeros(SHAPE)
    heatmap[0, 0, 0, 0] = heatmap[0, 1, 7, 9] = 1e-9
    found, _ = head()._decode_heatmap(heatmap, torch.ones(1, 2, 8, 10), torch.zeros(1, 2, 8, 10), (32, 40), k=3)
    assert found.isfinite().all()
    assert {tuple(box) for box in found[0, :2, :4].tolist()} == {(-2, -2, 2, 2), (34, 26, 38, 30)}


def test_number_of_centres_is_checked() -> None:
    with pytest.raises(ValueError, match='num_centres=5 must be 1 to 4'):
        head(5)
