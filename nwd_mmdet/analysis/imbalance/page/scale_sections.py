"""Sections on scale: sizes of the objects, and levels of the feature pyramid."""

from collections.abc import Iterator, Mapping, Sequence

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector, Numbers
from nwd_mmdet.analysis.imbalance.page.comparison import (
    data_balances,
    distinct_data,
    known_priors,
    needs_checkpoint,
    padded,
    unknown_priors,
)
from nwd_mmdet.analysis.imbalance.page.plots import Series, draw_bars, draw_histogram
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing, Part, Picture


def box_scale(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Review, section 5.1: sizes of objects, and positives, AP and recall by size."""
    yield data_balances(detectors, "AI-TOD's sizes", 'size_aitod')
    yield data_balances(detectors, "COCO's sizes", 'size_coco')
    bins = distinct_data(detectors, 'size_bins')
    for protocol, title in (('aitod', 'AI-TOD: vt < 8, t < 16, s < 32 px'), ('coco', 'COCO: s < 32, m < 96 px')):
        series = {label: list(numbers[protocol].values()) for label, numbers in bins.items()}
        names = list(next(iter(bins.values()))[protocol])
        picture = draw_bars(names, series, 'objects')
        yield Picture(f'sizes-{protocol}', picture, f'Objects by absolute size; {title}.')
    for key, name, x in (
        ('lengths', 'size', 'absolute size √(wh) in px'),
        ('relative_lengths', 'relative-size', '√(wh) over that of the image'),
    ):
        lengths = distinct_data(detectors, key)
        series = {label: numbers['sqrt_area']['counts'] for label, numbers in lengths.items()}
        if any(map(sum, series.values())):
            edges = next(iter(lengths.values()))['sqrt_area']['edges']
            picture = draw_histogram(edges, series, x, 'objects', log_x=True)
            yield Picture(name, picture, 'Sizes of the objects (Fig. 7).')
    if priors := known_priors(detectors):
        yield from _positives_by_size(priors)
    results = {detector.label: detector.evaluation for detector in detectors if detector.evaluation}
    sizes = ('vt', 't', 's', 'm')
    for key, what in (('AP', 'AP'), ('AR', 'recall')) if results else ():
        values = {label: [numbers[f'{key}_{size}'] for size in sizes] for label, numbers in results.items()}
        percent = {label: [100 * value if value >= 0 else None for value in part] for label, part in values.items()}
        caption = f'{what} by absolute size on the validation images looked at.'
        yield Picture(f'{key.lower()}-by-size', draw_bars(sizes, percent, f'{what}, %'), caption)


def _positives_by_size(priors: Mapping[str, Numbers]) -> Iterator[Part]:
    sizes = list(next(iter(priors.values()))['sizes'])
    for key, factor, what, caption in (
        ('positives', 1, 'positives of an object', 'Positive priors of an object, before sampling'),
        ('without', 100, 'objects without a positive, %', 'Objects that no prior is trained for'),
    ):
        series = {
            label: [
                factor * size[key] / size['objects'] if size['objects'] else None for size in numbers['sizes'].values()
            ]
            for label, numbers in priors.items()
        }
        yield Picture(f'{key}-by-size', draw_bars(sizes, series, what), f'{caption}, by absolute size.')


def feature_level(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Section 5.2: objects, positives, activations and gradients of the levels."""
    if priors := known_priors(detectors):
        objects = {label: numbers['objects_per_level'] for label, numbers in priors.items()}
        positives = {label: numbers['before']['positive'] for label, numbers in priors.items()}
        yield Balances.of('objects of the levels', objects, ordered=True)
        yield Balances.of('positives of the levels', positives, ordered=True)
        picture = _draw_levels(padded(objects), 'objects with a positive there')
        yield Picture('level-objects', picture, 'Objects that each level serves, from the finest map on.')
        picture = _draw_levels(padded(positives), 'positives of an image')
        yield Picture('level-positives', picture, 'Positives of each level, before sampling.')
    yield from unknown_priors(detectors)
    tasks = {detector.label: detector.trained['tasks'] for detector in detectors if detector.trained}
    activations = {label: numbers['activation_per_level'] for label, numbers in tasks.items()}
    if max(map(len, activations.values()), default=0) > 1:
        caption = 'Activations of the levels, from the finest map on: root mean square of what the head sees.'
        yield Picture('activations', _draw_levels(padded(activations), 'root mean square'), caption)
        for label, numbers in tasks.items():
            if gradients := numbers['gradient_per_level']:
                picture = _draw_levels(gradients, 'norm of the gradient')
                yield Picture('level-gradients', picture, f'{label}: gradients that the losses send to each level.')
    elif tasks:
        yield Missing('The detector has one feature map.')
    yield from needs_checkpoint(detectors, 'Activations and gradients of the levels')


def _draw_levels(series: Series, what: str) -> str:
    return draw_bars([f'level {level}' for level in range(len(next(iter(series.values()))))], series, what)
