"""Sections on space: what they say of numbers by hand, and of what was not measured."""

from measured_detectors import data, fully_measured, measured, trained

from nwd_mmdet.analysis.imbalance.page.section import Section
from nwd_mmdet.analysis.imbalance.page.spatial_sections import (
    iou_distribution,
    location,
    regression_loss,
    relative_location,
)


def test_box_losses() -> None:
    section = Section.of('regression_loss', regression_loss([fully_measured()]))
    assert [picture.name for picture in section.pictures] == ['loss-by-error', 'gradient-by-iou', 'loss-by-iou']
    assert not section.missing


def test_box_losses_without_a_curve() -> None:
    unknown = {'model.bbox_head.loss_bbox': {'type': 'NoLoss', 'absent': 'not registered'}}
    section = Section.of('regression_loss', regression_loss([measured(regression_loss=unknown)]))
    checkpoint = 'Which boxes hold the loss: needs a checkpoint of one.'
    assert section.missing == ['NoLoss (bbox_head): not registered', checkpoint] and not section.pictures
    section = Section.of('regression_loss', regression_loss([measured(regression_loss={})]))
    assert section.missing == ['No head of the config has a loss_bbox.', checkpoint]


def test_overlaps_of_positives() -> None:
    """Regression takes an IoU of 0.52 to 0.72, and one of 0.91 to 0.83."""
    section = Section.of('iou_distribution', iou_distribution([fully_measured(), fully_measured('two')]))
    assert [(balances.what, list(balances.numbers)) for balances in section.balances] == [
        ('IoU of positives', ['one', 'two']),
        ('NWD, C = 12.8 px, of positives', ['one', 'two']),
        ('IoUs after regression, from 0.5', ['one, rpn_head', 'two, rpn_head']),
    ]
    assert section.balances[2].numbers['one, rpn_head']['total'] == 2
    parts = ('iou-before-after', 'iou-joint', 'iou-mean')
    assert [picture.name for picture in section.pictures] == [
        *('prior-iou', 'prior-nwd'),
        *(f'{part}{number}' for number in ('', '-2') for part in parts),
    ]
    worse = 'rpn_head: regression makes boxes worse that begin at an IoU of 0.93.'
    assert section.remarks == [f'one, {worse}', f'two, {worse}']


def test_overlaps_where_the_loss_compares_boxes() -> None:
    section = Section.of('iou_distribution', iou_distribution([measured(trained=trained(before=False))]))
    assert 'rpn_head: its loss compares boxes and does not get the priors before regression.' in section.missing
    assert not section.pictures
    section = Section.of('iou_distribution', iou_distribution([measured()]))
    assert section.missing[-1] == 'Overlaps before and after regression: needs a checkpoint of one.'


def test_places() -> None:
    section = Section.of('location', location([fully_measured()]))
    assert [picture.name for picture in section.pictures] == ['centres', 'positives']
    assert section.balances[0].numbers['one']['total'] == 3
    section = Section.of('location', location([measured(data=data(width=None))]))
    assert section.missing == ['The sizes of the images are not known, so the places in them are not.']


def test_places_in_objects_and_shared_pixels() -> None:
    section = Section.of('relative_location', relative_location([fully_measured()]))
    assert [picture.name for picture in section.pictures] == ['relative-location', 'coverage']
    (remark,) = section.remarks
    # boxes of 36, 400 and 64 of the 4096 pixels, nowhere two
    assert remark == (
        'one: 88% of the pixels lie under less than a quarter of the mean number of boxes, 12.2% under more than five '
        'times it.'
    )
    assert not section.missing
