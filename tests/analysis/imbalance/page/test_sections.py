"""All sections, of detectors that are measured in part and in full."""

import pytest
from measured_detectors import fully_measured, measured

from nwd_mmdet.analysis.imbalance.page.sections import build_sections
from nwd_mmdet.analysis.imbalance.remedies import PROBLEMS


@pytest.mark.parametrize(
    'detectors',
    [[measured()], [fully_measured()], [fully_measured(), measured('two')], [measured(), fully_measured('two')]],
    ids=['data alone', 'everything', 'second interrupted', 'second alone'],
)
def test_sections_of_every_problem(detectors: list) -> None:
    sections = build_sections(detectors)
    assert [section.key for section in sections] == list(PROBLEMS)
    names = [picture.name for section in sections for picture in section.pictures]
    assert len(set(names)) == len(names) > 7, 'they are files of one folder'
