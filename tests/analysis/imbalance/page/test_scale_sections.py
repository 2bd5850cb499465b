"""Sections on scale: what they say of numbers by hand, and of what was not measured."""

import re

from measured_detectors import fully_measured, measured, trained

from nwd_mmdet.analysis.imbalance.page.scale_sections import box_scale, feature_level
from nwd_mmdet.analysis.imbalance.page.section import Section


def test_sizes() -> None:
    section = Section.of('box_scale', box_scale([fully_measured(), measured('two')]))
    aitod, coco = section.balances
    assert list(aitod.numbers) == list(coco.numbers) == ['one, two']
    assert (aitod.numbers['one, two']['bins'], aitod.numbers['one, two']['empty']) == (4, 2)
    names = ['sizes-aitod', 'sizes-coco', 'size', 'relative-size']
    assert [picture.name for picture in section.pictures] == [
        *names,
        *('positives-by-size', 'without-by-size', 'ap-by-size', 'ar-by-size'),
    ]
    alone = Section.of('box_scale', box_scale([measured()]))
    assert [picture.name for picture in alone.pictures] == names


def test_levels() -> None:
    section = Section.of('feature_level', feature_level([fully_measured()]))
    objects, positives = section.balances
    assert objects.numbers['one']['entropy'] == 1 and positives.numbers['one']['max_min_ratio'] == 2
    assert [picture.name for picture in section.pictures] == [
        *('level-objects', 'level-positives', 'activations', 'level-gradients')
    ]
    assert not section.missing


def test_detectors_of_different_pyramids() -> None:
    section = Section.of(
        'feature_level', feature_level([fully_measured(), measured('four', trained=trained(levels=4))])
    )
    names = [picture.name for picture in section.pictures]
    assert names[-2:] == ['level-gradients', 'level-gradients-2']
    levels = [len(re.findall('<!-- level ', picture.svg)) for picture in section.pictures[-3:]]
    assert levels == [4, 2, 4]


def test_without_a_pyramid_or_a_checkpoint() -> None:
    section = Section.of('feature_level', feature_level([measured(trained=trained(levels=1))]))
    assert 'The detector has one feature map.' in section.missing and not section.pictures
    section = Section.of('feature_level', feature_level([measured()]))
    assert section.missing[-1] == 'Activations and gradients of the levels: needs a checkpoint of one.'
