"""The protocols: sizes without gaps, names that exist."""

import pytest

from nwd_mmdet.evaluation.coco_protocols import IOU_THRESHOLDS, NO_LIMIT, PROTOCOLS, get_protocol


@pytest.mark.parametrize('name', PROTOCOLS)
def test_sizes_cover_all_areas_once(name: str) -> None:
    rules = get_protocol(name)
    limits = [limit for limits in rules.sizes.values() for limit in limits]
    assert limits[0] == 0 and limits[-1] == NO_LIMIT and limits[1:-1:2] == limits[2:-1:2]
    assert list(rules.max_dets) == sorted(rules.max_dets)


def test_sizes_of_ai_tod() -> None:
    sides = {size: (low**0.5, high**0.5) for size, (low, high) in PROTOCOLS['aitod'].sizes.items()}
    assert sides == {'vt': (0, 8), 't': (8, 16), 's': (16, 32), 'm': (32, 1e5)}
    assert PROTOCOLS['visdrone'].sizes == PROTOCOLS['aitod'].sizes


def test_thresholds() -> None:
    assert IOU_THRESHOLDS.tolist() == pytest.approx([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95])


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"protocol='voc' is unknown; choose from \['aitod', 'coco', 'visdrone'\]"):
        get_protocol('voc')
