"""Points in boxes against a look at every point."""

import torch
from boxes import draw_boxes

from nwd_mmdet.assigners.point_grid import PointGrid, first_points, points_in_boxes

SIZES, STRIDES = [(16, 20), (8, 10)], [(8, 8), (16, 16)]


def every_point(offset: float) -> torch.Tensor:
    """x, y and stride of all points of an image, level by level."""
    return torch.tensor(
        [
            [(column + offset) * stride, (row + offset) * stride, stride]
            for (rows, columns), (stride, _) in zip(SIZES, STRIDES)
            for row in range(rows)
            for column in range(columns)
        ]
    )


def test_points_of_several_images() -> None:
    boxes = [draw_boxes(12, seed=1, size=120), torch.zeros(0, 4), draw_boxes(9, seed=2, size=120) * 1.5 - 20]
    boxes[0][0] = torch.tensor([4.0, 4.0, 12.0, 12.0])  # points on its edges are not inside
    for offset in (0.0, 0.5):
        points = every_point(offset)
        expected = set()
        gts, image = torch.cat(boxes), [0] * 12 + [2] * 9
        for gt, box in enumerate(gts):
            inside = ((points[:, :2] > box[:2]) & (points[:, :2] < box[2:])).all(1).nonzero().squeeze(1)
            expected |= {(image[gt] * len(points) + point, gt) for point in inside.tolist()}
        found = set()
        for point, gt, distance in points_in_boxes(SIZES, STRIDES, boxes, offset):
            found |= set(zip(point.tolist(), gt.tolist()))
            own = points[point % len(points)]
            centre = (gts[gt, :2] + gts[gt, 2:]) / 2
            torch.testing.assert_close(distance, (own[:, :2] - centre).norm(dim=1) / own[:, 2])
            assert (gt.diff() >= 0).all()
        assert found == expected and len(found) > 20


def test_nearest_point() -> None:
    boxes = draw_boxes(40, seed=3, size=150).double() - 10
    cell, distance = PointGrid(SIZES[0], STRIDES[0], 0.5).nearest_point(boxes)
    points = every_point(0.5)[: 16 * 20, :2].double()
    all_distances = torch.cdist((boxes[:, :2] + boxes[:, 2:]) / 2, points) / 8
    torch.testing.assert_close(distance, all_distances.amin(1))
    torch.testing.assert_close(all_distances.gather(1, cell[:, None])[:, 0], distance)


def test_first_points() -> None:
    counts = first_points(SIZES, [torch.zeros(2, 4), torch.zeros(0, 4), torch.zeros(1, 4)])
    assert counts.tolist() == [0, 0, 2 * (16 * 20 + 8 * 10)]
