"""The sections of the page, in the order of the review."""

from collections.abc import Sequence

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector
from nwd_mmdet.analysis.imbalance.page.class_sections import classes_batch, classes_dataset, foreground_background
from nwd_mmdet.analysis.imbalance.page.objective_section import objective
from nwd_mmdet.analysis.imbalance.page.scale_sections import box_scale, feature_level
from nwd_mmdet.analysis.imbalance.page.section import Section
from nwd_mmdet.analysis.imbalance.page.spatial_sections import (
    iou_distribution,
    location,
    regression_loss,
    relative_location,
)

_BUILDERS = {
    'foreground_background': foreground_background,
    'classes_dataset': classes_dataset,
    'classes_batch': classes_batch,
    'box_scale': box_scale,
    'feature_level': feature_level,
    'regression_loss': regression_loss,
    'iou_distribution': iou_distribution,
    'location': location,
    'relative_location': relative_location,
    'objective': objective,
}


def build_sections(detectors: Sequence[MeasuredDetector]) -> list[Section]:
    """Balances, tables, pictures and words for each problem."""
    return [Section.of(key, build(detectors)) for key, build in _BUILDERS.items()]
