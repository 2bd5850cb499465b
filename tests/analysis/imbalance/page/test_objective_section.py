"""The section on the objectives: what it says of numbers by hand, and of what was not measured."""

from measured_detectors import fully_measured, measured

from nwd_mmdet.analysis.imbalance.page.objective_section import objective
from nwd_mmdet.analysis.imbalance.page.section import Section


def test_tasks_and_their_pace() -> None:
    section = Section.of('objective', objective([fully_measured()]))
    assert [balances.what for balances in section.balances] == ['losses of the tasks', 'gradients of the tasks']
    tasks, angles = section.tables
    assert tasks.rows == [('loss_cls', '6', '4.24'), ('loss_bbox', '4', '1.41')]
    assert angles.rows == [('loss_cls and loss_bbox', '-1.00')]
    assert [picture.name for picture in section.pictures] == ['losses', 'pace'] and not section.missing
    assert 'loss_bbox' not in section.pictures[0].svg, 'it has one point'


def test_without_a_checkpoint() -> None:
    section = Section.of('objective', objective([measured()]))
    assert not section.balances and not section.tables and not section.pictures
    losses, log = section.missing
    assert losses == 'Losses and gradients of the tasks: needs a checkpoint of one.' and 'scalars.json' in log
