"""Sections on space: the box losses, overlaps of the positives, places in the image and in the objects."""

from collections.abc import Iterator, Sequence

import numpy as np

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector, Numbers
from nwd_mmdet.analysis.imbalance.page.comparison import (
    data_balances,
    distinct_data,
    head_title,
    known_priors,
    loss_statistics,
    needs_checkpoint,
    unknown_priors,
)
from nwd_mmdet.analysis.imbalance.page.plots import draw_curves, draw_heat_maps, draw_histogram
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing, Part, Picture, Remark

_UNIT_SQUARE = (0.0, 1.0, 0.0, 1.0)


def regression_loss(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Review, section 6.1: what the box losses make of errors, and which boxes hold the loss."""
    by_error, by_iou, unknown = {}, {}, []
    for detector in detectors:
        for name, numbers in (detector.regression_loss or {}).items():
            title = f'{numbers["type"]} ({head_title(detectors, detector, name)})'
            if 'absent' in numbers:
                unknown.append(Missing(f'{title}: {numbers["absent"]}'))
                continue
            by_error[title] = (numbers['error'], [value / max(numbers['loss']) for value in numbers['loss']])
            by_iou[title] = (numbers['iou'], numbers['gradient'])
    yield from unknown
    if by_error:
        x = 'error in px of an object of 32 px, along the diagonal'
        picture = draw_curves(by_error, x, 'loss, over the largest')
        yield Picture('loss-by-error', picture, 'What the box losses make of an error (Fig. 11).')
        picture = draw_curves(by_iou, 'IoU of the box', 'gradient in 1/px')
        yield Picture('gradient-by-iou', picture, 'Gradients of the box losses by the IoU.')
    elif not unknown:
        yield Missing('No head of the config has a loss_bbox.')
    for title, numbers in loss_statistics(detectors, 'regression'):
        series = {'number of positives': numbers['after'], 'their loss': numbers['losses']}
        picture = draw_histogram(numbers['edges'], series, 'IoU of the predicted box', 'share')
        yield Picture(
            'loss-by-iou', picture, f'{title}: positives and their share of the box loss, by the IoU of the box.'
        )
    yield from needs_checkpoint(detectors, 'Which boxes hold the loss')


def iou_distribution(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Section 6.2: overlaps of the positives, before and after regression."""
    for name, what in (('iou', 'IoU'), ('nwd', 'NWD, C = 12.8 px,')):
        overlaps = {label: numbers['overlaps'][name] for label, numbers in known_priors(detectors).items()}
        counts = {label: histogram['counts'] for label, histogram in overlaps.items()}
        if any(map(sum, counts.values())):
            yield Balances.of(f'{what} of positives', counts, ordered=True)
            edges = next(iter(overlaps.values()))['edges']
            picture = draw_histogram(edges, counts, f'{what} of a positive prior with its object', 'positives')
            yield Picture(f'prior-{name}', picture, f'{what} of the positives before regression.')
    yield from unknown_priors(detectors)
    losses = list(loss_statistics(detectors, 'regression'))
    good = {title: numbers['after'][10:] for title, numbers in losses}
    yield Balances.of('IoUs after regression, from 0.5', good, ordered=True)
    for title, numbers in losses:
        if sum(numbers['before']):
            yield from _before_and_after(title, numbers)
        else:
            yield Missing(f'{title}: its loss compares boxes and does not get the priors before regression.')
    yield from needs_checkpoint(detectors, 'Overlaps before and after regression')


def _before_and_after(title: str, numbers: Numbers) -> Iterator[Part]:
    """Fig. 12: what regression makes of overlaps."""
    edges = numbers['edges']
    series = {'before regression': numbers['before'], 'after': numbers['after']}
    picture = draw_histogram(edges, series, 'IoU with the object', 'positives')
    yield Picture('iou-before-after', picture, f'{title}: overlaps (Fig. 12a).')
    picture = draw_heat_maps({title: numbers['joint']}, 'IoU before', 'IoU after', _UNIT_SQUARE, upwards=True)
    yield Picture('iou-joint', picture, f'{title}: what regression changes (Fig. 12b).')
    middles = [(low + high) / 2 for low, high in zip(edges, edges[1:])]
    known = {before: after for before, after in zip(middles, numbers['mean_after']) if after is not None}
    curves = {'mean IoU after': ([*known], [*known.values()]), 'as before': (middles, middles)}
    picture = draw_curves(curves, 'IoU before', 'IoU after')
    yield Picture('iou-mean', picture, f'{title}: mean IoU after regression (Fig. 12c).')
    if worse := [f'{before:.2f}' for before, after in known.items() if after < before]:
        yield Remark(f'{title}: regression makes boxes worse that begin at an IoU of {", ".join(worse)}.')


def location(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Section 6.3: where objects and positives lie."""
    yield data_balances(detectors, 'centres of objects', 'centres')
    maps = {label: numbers['counts'] for label, numbers in distinct_data(detectors, 'centres').items()}
    if not any(np.any(counts) for counts in maps.values()):
        yield Missing('The sizes of the images are not known, so the places in them are not.')
        return
    axes = ('x over the width', 'y over the height', _UNIT_SQUARE)
    yield Picture('centres', draw_heat_maps(maps, *axes), 'Where the centres of the objects lie (Fig. 13).')
    if places := {label: numbers['places']['counts'] for label, numbers in known_priors(detectors).items()}:
        yield Picture('positives', draw_heat_maps(places, *axes), 'Where the centres of the positive priors lie.')


def relative_location(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Sections 6.5.4 and 6.5.5, open issues of the review."""
    if priors := known_priors(detectors):
        maps = {label: numbers['relative']['counts'] for label, numbers in priors.items()}
        picture = draw_heat_maps(maps, 'x, in widths of the object', 'y, in heights', (-1.0, 1.0, -1.0, 1.0))
        caption = 'Centres of positive priors around the centres of their objects (Fig. 14).'
        yield Picture('relative-location', picture, caption)
        coverage = {label: numbers['coverage'] for label, numbers in priors.items()}
        edges = next(iter(coverage.values()))['edges']
        series = {label: histogram['counts'] for label, histogram in coverage.items()}
        picture = draw_histogram(edges, series, 'boxes over a pixel, relative to the mean of the image', 'pixels')
        caption = 'How many of the boxes that are trained on lie over a pixel (Fig. 15); up to 5 times the mean.'
        yield Picture('coverage', picture, caption)
        for label, histogram in coverage.items():
            if total := sum(histogram['counts']) + histogram['above']:
                yield Remark(
                    f'{label}: {histogram["counts"][0] / total:.0%} of the pixels lie under less than a quarter of the '
                    f'mean number of boxes, {histogram["above"] / total:.1%} under more than five times it.'
                )
    yield from unknown_priors(detectors)
