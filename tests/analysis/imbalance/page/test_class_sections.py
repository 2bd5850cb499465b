"""Sections on classes: what they say of numbers by hand, and of what was not measured."""

from measured_detectors import data, fully_measured, measured, priors, trained

from nwd_mmdet.analysis.imbalance.page.class_sections import classes_batch, classes_dataset, foreground_background
from nwd_mmdet.analysis.imbalance.page.section import Section


def test_foreground_and_background() -> None:
    section = Section.of('foreground_background', foreground_background([fully_measured()]))
    before, after = section.balances
    assert before.what == 'positives and negatives before sampling' and after.what.endswith('after')
    assert before.numbers['one']['total'] == 5 and after.numbers['one']['total'] == 3
    counts, methods = section.tables
    assert counts.rows == [
        ('one, before sampling', '3.0', '2.0', '1.0', '1 : 1'),
        ('one, after', '2.0', '1.0', '0.0', '0 : 1'),
    ]
    assert ('focal loss, γ = 2', '29%', '97%') in methods.rows and len(methods.rows) > 5
    # Of the six boxes three have p_s < 0.5, and 5.12 of a cross-entropy of 5.85.
    (remark,) = section.remarks
    assert remark.startswith('rpn_head: the 50.0% of samples') and 'have 87% of the classification loss' in remark
    assert [picture.name for picture in section.pictures] == ['priors', 'loss-share', 'gradient-norms']
    assert not section.missing


def test_unknown_priors_losses_and_checkpoints() -> None:
    unlabelled = {**trained(), 'classification': {}}
    detectors = [
        measured('interrupted'),
        measured('unknown', priors={'absent': 'two heads'}),
        measured('unlabelled', priors=priors(), trained=unlabelled),
    ]
    section = Section.of('foreground_background', foreground_background(detectors))
    assert section.missing == [
        'Priors of interrupted: the measuring was interrupted.',
        'Priors of unknown: two heads.',
        'unlabelled: its heads classify without a label for each sample, so whose loss counts is not known.',
        'Whose loss counts: needs a checkpoint of interrupted, unknown.',
    ]


def test_classes_of_the_data_set() -> None:
    section = Section.of('classes_dataset', classes_dataset([fully_measured(), fully_measured('two')]))
    balances = {balances.what: balances.numbers for balances in section.balances}
    assert list(balances['objects per class']) == ['one, two'], 'they share the data'
    assert balances['positives per class']['two']['max_min_ratio'] is None, 'class b has no positive'
    assert section.remarks == ['a has 2 of 3 objects, b 1.'] and not section.missing
    assert [picture.name for picture in section.pictures] == [
        'objects-per-class',
        'images-per-class',
        'positives-per-class',
        'ap-per-class',
        'objects-per-image',
        'classes-per-image',
    ]


def test_data_of_other_classes() -> None:
    """Each group of detectors has pictures of its own; a single class has none."""
    others = [measured('other', data=data(('c', 'd'))), measured('single', data=data(('e',)))]
    section = Section.of('classes_dataset', classes_dataset([measured(), *others]))
    names = [picture.name for picture in section.pictures]
    assert 'objects-per-class' in names and 'objects-per-class-2' in names and len(set(names)) == len(names) == 6
    assert section.missing == ['e is the only class.']


def test_classes_of_batches() -> None:
    section = Section.of('classes_batch', classes_batch([fully_measured(), measured('two')]))
    (table,) = section.tables
    assert table.rows == [('one', '2', '1', '0.92', '0%')]
    assert len(section.pictures) == 1
    (missing,) = Section.of('classes_batch', classes_batch([measured()])).missing
    assert missing.startswith('The batches were not drawn')
