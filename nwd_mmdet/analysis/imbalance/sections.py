"""The sections of an imbalance report, in the order of the review."""

from collections.abc import Sequence

from nwd_mmdet.analysis.imbalance import data_sections as data
from nwd_mmdet.analysis.imbalance import detector_sections as detector
from nwd_mmdet.analysis.imbalance.page import Section
from nwd_mmdet.analysis.imbalance.subjects import Subject


def build_sections(subjects: Sequence[Subject]) -> list[Section]:
    """Balances, tables, pictures and words for each problem.

    Args:
        subjects: The measured detectors, as in the report's JSON.
    """
    builders = (
        detector.foreground_background,
        data.classes_dataset,
        data.classes_batch,
        data.box_scale,
        detector.feature_level,
        detector.regression_loss,
        detector.iou_distribution,
        data.location,
        detector.relative_location,
        detector.objective,
    )
    return [build(subjects) for build in builders]
