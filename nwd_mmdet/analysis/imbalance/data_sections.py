"""The sections of the page that are about the data: classes, batches, sizes and places."""

from collections.abc import Sequence

import numpy as np

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.page import Picture, Section, Table
from nwd_mmdet.analysis.imbalance.plots import draw_bars, draw_heat_maps, draw_histogram
from nwd_mmdet.analysis.imbalance.subjects import (
    Subject,
    by_classes,
    data_balances,
    distinct,
    labelled,
    padded,
    priors_of,
    values_of,
)

_UNIT_SQUARE = (0.0, 1.0, 0.0, 1.0)


def classes_dataset(subjects: Sequence[Subject]) -> Section:
    """Review, section 4.2.1: objects, images, positives and AP of the classes."""
    section = Section('classes_dataset')
    for what, key in (('objects per class', 'objects_per_class'), ('images with each class', 'images_per_class')):
        section.balances[what] = data_balances(subjects, key)
    for names, group in by_classes(subjects):
        if len(names) == 1:
            section.absent.append(f'{names[0]} is the only class.')
            continue
        first = np.array(next(iter(group.values()))['data']['objects_per_class'])
        if first.any():
            most, least = int(first.argmax()), int(first.argmin())
            section.remarks.append(
                f'{names[most]} has {first[most]:,} of {first.sum():,} objects, {names[least]} {first[least]:,}.'
            )
        for what, key in (('objects', 'objects_per_class'), ('images', 'images_per_class')):
            series = {label: subject['data'][key] for label, subject in distinct(group, key).items()}
            section.pictures.append(
                Picture(f'{what}-per-class', draw_bars(names, series, what), f'{what} of each class (Fig. 5a).')
            )
        order = [names[index] for index in np.argsort(-first, kind='stable')]
        positives = {label: part['positives_per_class'] for label, part in priors_of(list(group.values())).items()}
        if positives:
            picture = draw_bars(names, positives, 'positives')
            section.pictures.append(Picture('positives-per-class', picture, 'Positive priors of each class (Fig. 4b).'))
            section.balances['positives per class'] = {
                label: measure_balance(values).as_dict() for label, values in positives.items()
            }
        results = {
            label: [100 * (part['classwise'][name]['AP'] or 0) for name in order]
            for label, part in values_of(list(group.values()), 'evaluation').items()
        }
        if results:
            picture = draw_bars(order, results, 'AP, %')
            caption = 'AP of each class on the validation images looked at; the classes with most objects first.'
            section.pictures.append(Picture('ap-per-class', picture, caption))
    for what, key, caption in (
        ('objects in an image', 'objects_per_image', 'How many objects the images have (Fig. 5b).'),
        ('classes in an image', 'classes_per_image', 'How many classes the images have (Fig. 5c).'),
    ):
        counts = padded({label: subject['data'][key] for label, subject in distinct(labelled(subjects), key).items()})
        edges = [count - 0.5 for count in range(len(next(iter(counts.values()))) + 1)]
        section.pictures.append(Picture(key.replace('_', '-'), draw_histogram(edges, counts, what, 'images'), caption))
    return section


def classes_batch(subjects: Sequence[Subject]) -> Section:
    """Section 4.2.2: classes in the batches."""
    section = Section('classes_batch')
    found = {subject['label']: subject['batches'] for subject in subjects if subject.get('batches')}
    if not found:
        section.absent.append('The batches were not drawn: the config has no training data loader with a sampler.')
        return section
    section.tables.append(
        Table(
            'Batches of one epoch, as the sampler of the config draws them. "Other classes" is the share of the '
            'objects of a batch that are of other classes than in the whole data set.',
            ('detector', 'batches', 'images in each', 'mean entropy of classes', 'other classes'),
            [
                (label, f'{b["batches"]:,}', f'{b["batch_size"]}', _number(b['entropy']), _percent(b['distance']))
                for label, b in found.items()
            ],
        )
    )
    counts = padded({label: batches['classes'] for label, batches in found.items()})
    edges = [count - 0.5 for count in range(len(next(iter(counts.values()))) + 1)]
    picture = draw_histogram(edges, counts, 'classes in a batch', 'batches')
    section.pictures.append(Picture('classes-per-batch', picture, 'How many classes the batches have (Fig. 6).'))
    return section


def box_scale(subjects: Sequence[Subject]) -> Section:
    """Section 5.1: sizes of objects, and positives, AP and recall by size."""
    section = Section('box_scale')
    for what, key in (("AI-TOD's sizes", 'size_aitod'), ("COCO's sizes", 'size_coco')):
        section.balances[what] = data_balances(subjects, key)
    group = distinct(labelled(subjects), 'size_bins')
    for protocol, title in (('aitod', 'AI-TOD: vt < 8, t < 16, s < 32 px'), ('coco', 'COCO: s < 32, m < 96 px')):
        bins = {label: subject['data']['size_bins'][protocol] for label, subject in group.items()}
        names = list(next(iter(bins.values())))
        picture = draw_bars(names, {label: list(values.values()) for label, values in bins.items()}, 'objects')
        section.pictures.append(Picture(f'sizes-{protocol}', picture, f'Objects by absolute size; {title}.'))
    for key, what, x in (
        ('lengths', 'size', 'absolute size √(wh) in px'),
        ('relative_lengths', 'relative-size', '√(wh) over that of the image'),
    ):
        histograms = {label: subject['data'][key]['sqrt_area'] for label, subject in group.items()}
        edges = next(iter(histograms.values()))['edges']
        series = {label: histogram['counts'] for label, histogram in histograms.items()}
        if any(map(sum, series.values())):
            picture = draw_histogram(edges, series, x, 'objects', log_x=True)
            section.pictures.append(Picture(what, picture, 'Sizes of the objects (Fig. 7).'))
    _positives_by_size(section, subjects)
    results = values_of(subjects, 'evaluation')
    for key, what in (('AP', 'AP'), ('AR', 'recall')):
        values = {label: [part[f'{key}_{size}'] for size in ('vt', 't', 's', 'm')] for label, part in results.items()}
        if values:
            series = {label: [100 * v if v >= 0 else None for v in part] for label, part in values.items()}
            picture = draw_bars(('vt', 't', 's', 'm'), series, f'{what}, %')
            caption = f'{what} by absolute size on the validation images looked at.'
            section.pictures.append(Picture(f'{key.lower()}-by-size', picture, caption))
    return section


def _positives_by_size(section: Section, subjects: Sequence[Subject]) -> None:
    priors = priors_of(subjects)
    for name, what, caption in (
        ('positives', 'positives of an object', 'Positive priors of an object by its absolute size, before sampling.'),
        ('without', 'objects without a positive, %', 'Objects that no prior is trained for, by absolute size.'),
    ):
        factor = 100 if name == 'without' else 1
        series = {
            label: [
                factor * size[name] / size['objects'] if size['objects'] else None for size in part['sizes'].values()
            ]
            for label, part in priors.items()
        }
        if series:
            sizes = list(next(iter(priors.values()))['sizes'])
            section.pictures.append(Picture(f'{name}-by-size', draw_bars(sizes, series, what), caption))


def location(subjects: Sequence[Subject]) -> Section:
    """Section 6.3: where objects and positives lie."""
    section = Section('location')
    section.balances['centres of objects'] = data_balances(subjects, 'centres')
    maps = {
        label: subject['data']['centres']['counts']
        for label, subject in distinct(labelled(subjects), 'centres').items()
    }
    if any(np.any(counts) for counts in maps.values()):
        picture = draw_heat_maps(maps, 'x over the width', 'y over the height', _UNIT_SQUARE)
        section.pictures.append(Picture('centres', picture, 'Where the centres of the objects lie (Fig. 13).'))
        places = {label: part['places']['counts'] for label, part in priors_of(subjects).items()}
        if places:
            picture = draw_heat_maps(places, 'x over the width', 'y over the height', _UNIT_SQUARE)
            section.pictures.append(Picture('positives', picture, 'Where the centres of the positive priors lie.'))
    else:
        section.absent.append('The sizes of the images are not known, so the places in them are not.')
    return section


def _number(value: float | None) -> str:
    return '–' if value is None else f'{value:.2f}'


def _percent(value: float | None) -> str:
    return '–' if value is None else f'{value:.0%}'
