"""What stands where: the tables name what there is."""

from nwd_mmdet.datasets.aitod import CLASSES
from nwd_mmdet.datasets.synthetic.canvas import Canvas
from nwd_mmdet.datasets.synthetic.scenes import GROUNDS, KINDS, LOOK_ALIKES, OBJECTS, SCENES, SIZE_QUANTILES


def test_objects_are_the_classes_of_aitod():
    assert tuple(OBJECTS) == CLASSES and not OBJECTS.keys() & LOOK_ALIKES.keys()


def test_scenes_name_grounds_features_and_kinds_that_exist():
    for scene in SCENES.values():
        assert set(scene.grounds) <= GROUNDS.keys() and all(hasattr(Canvas, feature) for feature in scene.features)
        for group in scene.groups:
            assert hasattr(Canvas, group.how) and 0 <= group.low <= group.high
            assert group.kind in KINDS and set(KINDS[group.kind].grounds) <= GROUNDS.keys()
    assert {group.kind for scene in SCENES.values() for group in scene.groups} | {'bridge'} == KINDS.keys()


def test_quantiles_of_sizes_have_mean_1():
    mean = sum((p1 - p0) * (q0 + q1) / 2 for (p0, q0), (p1, q1) in zip(SIZE_QUANTILES, SIZE_QUANTILES[1:]))
    assert abs(mean - 1) < 0.02 and SIZE_QUANTILES[0][0] == 0 and SIZE_QUANTILES[-1][0] == 1
