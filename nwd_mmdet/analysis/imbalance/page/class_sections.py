"""Sections on classes, background included: foreground and background, classes of the data set and of its batches."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector, Numbers
from nwd_mmdet.analysis.imbalance.page.comparison import (
    by_classes,
    data_balances,
    distinct_data,
    known_priors,
    loss_statistics,
    needs_checkpoint,
    padded,
    unknown_priors,
)
from nwd_mmdet.analysis.imbalance.page.plots import draw_bars, draw_histogram
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing, Part, Picture, Remark, Table

_SAMPLING = {'before': 'before sampling', 'after': 'after'}


def foreground_background(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Review, section 4.1: positives and negatives, and whose loss counts."""
    if priors := known_priors(detectors):
        yield from _priors_by_state(priors)
    yield from unknown_priors(detectors)
    for title, numbers in loss_statistics(detectors, 'classification'):
        yield from _loss_shares(title, numbers)
    for title, numbers in loss_statistics(detectors, 'classification'):
        gradients = numbers['gradients']
        picture = draw_histogram(
            gradients['edges'], {title: gradients['counts']}, '|p - target|', 'probabilities', log_y=True
        )
        yield Picture('gradient-norms', picture, f'{title}: gradient norms |p - target|, as GHM looks at them.')
    for detector in detectors:
        if detector.trained and not detector.trained['classification']:
            yield Missing(
                f'{detector.label}: its heads classify without a label for each sample, so whose loss counts is not '
                'known.'
            )
    yield from needs_checkpoint(detectors, 'Whose loss counts')


def _priors_by_state(priors: Mapping[str, Numbers]) -> Iterator[Part]:
    """Fig. 4a: positives and negatives of an image, before and after sampling."""
    counts = {
        (label, when): {state: sum(values) for state, values in numbers[when].items()}
        for label, numbers in priors.items()
        for when in _SAMPLING
    }
    for when, words in _SAMPLING.items():
        pairs = {label: [counts[label, when][state] for state in ('positive', 'negative')] for label in priors}
        yield Balances.of(f'positives and negatives {words}', pairs)
    rows, bars = [], {}
    for (label, when), states in counts.items():
        title, positive, negative = f'{label}, {_SAMPLING[when]}', states['positive'], states['negative']
        ratio = f'{negative / positive:,.0f} : 1' if positive else '–'
        rows.append((title, *(f'{value:,.1f}' for value in states.values()), ratio))
        bars[title] = [positive or None, negative or None]
    head = ('priors of an image', 'positive', 'negative', 'ignored', 'negative : positive')
    yield Table('Priors of the first stage, means over the images looked at (Fig. 4a).', head, rows)
    picture = draw_bars(('positive', 'negative'), bars, 'priors of an image', log=True)
    yield Picture('priors', picture, 'Positive and negative priors (Fig. 4a), logarithmic.')


def _loss_shares(title: str, numbers: Numbers) -> Iterator[Part]:
    """Easy and hard samples of a loss, and what the sampling methods of the review would make of them."""
    totals = {key: sum(map(sum, numbers[key].values())) for key in ('counts', 'losses')}
    hard = {key: sum(sum(values[:5]) for values in numbers[key].values()) for key in ('counts', 'losses')}
    shares = {
        f'{what} of {kind}s': [100 * value / max(totals[key], 1e-12) for value in numbers[key][kind]]
        for what, key in (('number', 'counts'), ('loss', 'losses'))
        for kind in ('positive', 'negative')
    }
    picture = draw_bars([f'{edge:.1f}' for edge in numbers['edges'][:-1]], shares, '% of all')
    caption = (
        f'{title}: samples and their loss by p_s, the probability that the model gives the truth: hard samples '
        'left, easy ones right, in steps of 0.1.'
    )
    yield Picture('loss-share', picture, caption)
    if totals['losses'] > 0:
        yield Remark(
            f'{title}: the {hard["counts"] / max(totals["counts"], 1):.1%} of samples to whose truth the model gives '
            f'less than 0.5 have {hard["losses"] / totals["losses"]:.0%} of the classification loss, positives '
            f'{sum(numbers["losses"]["positive"]) / totals["losses"]:.0%}.'
        )
    rows = [
        (method, *(f'{shares[kind]:.0%}' if shares else '–' for kind in ('positive', 'hard')))
        for method, shares in numbers['methods'].items()
    ]
    caption = f'{title}: whose cross-entropy would count under the review’s sampling methods, as the model stands.'
    yield Table(caption, ('weights', 'share of positives', 'share of hard samples'), rows)


def classes_dataset(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Section 4.2.1: objects, images, positives and AP of the classes."""
    yield data_balances(detectors, 'objects per class', 'objects_per_class')
    yield data_balances(detectors, 'images with each class', 'images_per_class')
    for names, group in by_classes(detectors).items():
        if len(names) == 1:
            yield Missing(f'{names[0]} is the only class.')
        else:
            yield from _of_classes(names, group)
    for what, key, caption in (
        ('objects in an image', 'objects_per_image', 'How many objects the images have (Fig. 5b).'),
        ('classes in an image', 'classes_per_image', 'How many classes the images have (Fig. 5c).'),
    ):
        picture = _draw_numbers(distinct_data(detectors, key), what, 'images')
        yield Picture(key.replace('_', '-'), picture, caption)


def _of_classes(names: Sequence[str], group: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """The same of detectors whose data have these classes."""
    first = np.array(group[0].data['objects_per_class'])
    if first.any():
        most, least = int(first.argmax()), int(first.argmin())
        yield Remark(f'{names[most]} has {first[most]:,} of {first.sum():,} objects, {names[least]} {first[least]:,}.')
    for what in ('objects', 'images'):
        picture = draw_bars(names, distinct_data(group, f'{what}_per_class'), what)
        yield Picture(f'{what}-per-class', picture, f'{what} of each class (Fig. 5a).')
    if priors := known_priors(group):
        positives = {label: numbers['positives_per_class'] for label, numbers in priors.items()}
        yield Balances.of('positives per class', positives)
        picture = draw_bars(names, positives, 'positives')
        yield Picture('positives-per-class', picture, 'Positive priors of each class (Fig. 4b).')
    order = [names[index] for index in np.argsort(-first, kind='stable')]
    results = {
        detector.label: [100 * (detector.evaluation['classwise'][name]['AP'] or 0) for name in order]
        for detector in group
        if detector.evaluation
    }
    if results:
        caption = 'AP of each class on the validation images looked at; the classes with most objects first.'
        yield Picture('ap-per-class', draw_bars(order, results, 'AP, %'), caption)


def classes_batch(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Section 4.2.2: classes in the batches."""
    found = {detector.label: detector.batches for detector in detectors if detector.batches}
    if not found:
        yield Missing('The batches were not drawn: the config has no training data loader with a sampler.')
        return
    rows = []
    for label, numbers in found.items():
        entropy, distance = numbers['entropy'], numbers['distance']
        means = ('–', '–') if entropy is None else (f'{entropy:.2f}', f'{distance:.0%}')
        rows.append((label, f'{numbers["batches"]:,}', f'{numbers["batch_size"]}', *means))
    yield Table(
        'Batches of one epoch, as the sampler of the config draws them. "Other classes" is the share of the '
        'objects of a batch that are of other classes than in the whole data set.',
        ('detector', 'batches', 'images in each', 'mean entropy of classes', 'other classes'),
        rows,
    )
    classes = {label: numbers['classes'] for label, numbers in found.items()}
    picture = _draw_numbers(classes, 'classes in a batch', 'batches')
    yield Picture('classes-per-batch', picture, 'How many classes the batches have (Fig. 6).')


def _draw_numbers(counts: Mapping[str, Sequence[float]], x: str, y: str) -> str:
    """Histogram of whole numbers, of which entry n of the counts is that of n."""
    series = padded(counts)
    edges = [number - 0.5 for number in range(len(next(iter(series.values()))) + 1)]
    return draw_histogram(edges, series, x, y)
