"""Numbers side by side: what detectors share stands there once."""

from measured_detectors import data, fully_measured, measured, priors, trained

from nwd_mmdet.analysis.imbalance.page import comparison

SINGLE = data(('a',))


def test_shared_data_stand_there_once() -> None:
    detectors = [measured('one'), measured('two', data=SINGLE), measured('three')]
    assert comparison.distinct_data(detectors, 'objects_per_class') == {'one': [2, 1], 'two': [3]}
    balances = comparison.data_balances(detectors, 'objects', 'objects_per_class')
    assert balances.what == 'objects' and list(balances.numbers) == ['one, three', 'two']
    assert balances.numbers['two'] == SINGLE['balance']['objects_per_class']
    groups = comparison.by_classes(detectors)
    assert {names: [detector.label for detector in group] for names, group in groups.items()} == {
        ('a', 'b'): ['one', 'three'],
        ('a',): ['two'],
    }


def test_priors_that_are_known_and_unknown() -> None:
    detectors = [measured('one', priors=priors()), measured('two', priors={'absent': 'no head'}), measured('three')]
    assert list(comparison.known_priors(detectors)) == ['one']
    assert list(comparison.unknown_priors(detectors)) == [
        'Priors of two: no head.',
        'Priors of three: the measuring was interrupted.',
    ]


def test_titles_name_the_detector_where_there_are_several() -> None:
    detectors = [fully_measured('one'), measured('two'), measured('three', trained=trained())]
    titles = [title for title, _ in comparison.loss_statistics(detectors, 'regression')]
    assert titles == ['one, rpn_head', 'three, rpn_head']
    ((title, numbers),) = comparison.loss_statistics(detectors[:1], 'classification')
    assert title == 'rpn_head' and sum(numbers['counts']['positive']) == 2
    assert comparison.head_title(detectors[:1], detectors[0], 'model.roi_head.bbox_head.0.loss_bbox') == (
        'roi_head.bbox_head.0'
    )
    assert list(comparison.needs_checkpoint(detectors, 'This')) == ['This: needs a checkpoint of two.']
    assert not list(comparison.needs_checkpoint(detectors[::2], 'This'))


def test_padding() -> None:
    assert comparison.padded({'a': [1], 'b': [1, 2, 3]}) == {'a': [1, 0, 0], 'b': [1, 2, 3]}
