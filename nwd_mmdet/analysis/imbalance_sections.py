"""From the numbers of an imbalance report to the sections of its page: balances, tables, pictures and words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nwd_mmdet.analysis.balance import measure_balance
from nwd_mmdet.analysis.imbalance_page import Picture, Section, Table
from nwd_mmdet.analysis.imbalance_plots import draw_bars, draw_curves, draw_heat_maps, draw_histogram

#: What was measured of one detector, as in the report's JSON.
Subject = Mapping[str, Any]

_UNIT_SQUARE = (0.0, 1.0, 0.0, 1.0)


def build_sections(subjects: Sequence[Subject]) -> list[Section]:
    """All sections, in the order of the review."""
    builders: tuple[Callable[[Sequence[Subject]], Section], ...] = (
        _foreground_background,
        _classes_dataset,
        _classes_batch,
        _box_scale,
        _feature_level,
        _regression_loss,
        _iou_distribution,
        _location,
        _objective,
    )
    return [build(subjects) for build in builders]


def _foreground_background(subjects: Sequence[Subject]) -> Section:
    section = Section('foreground_background')
    for label, name, part in _trained(subjects, 'classification'):
        counts, losses = part['counts'], part['losses']
        title = _title(subjects, label, name)
        picture_name = f'loss-share-{len(section.pictures) + 1}'
        bins = [f'{edge:.1f}' for edge in part['edges'][:-1]]
        shares = {
            f'{what} of {kind}s': _shares(values[kind], values)
            for what, values in (('number', counts), ('loss', losses))
            for kind in ('positive', 'negative')
        }
        picture = draw_bars(bins, shares, '% of all')
        caption = (
            f'{title}: samples and their loss by p_s, the probability that the model gives the truth: hard samples '
            'left, easy ones right, in steps of 0.1.'
        )
        section.pictures.append(Picture(picture_name, picture, caption))
        total = sum(map(sum, losses.values()))
        hard = sum(sum(values[:5]) for values in losses.values())
        few = sum(sum(values[:5]) for values in counts.values()) / max(sum(map(sum, counts.values())), 1)
        if total > 0:
            section.remarks.append(
                f'{title}: the {few:.1%} of samples to whose truth the model gives less than 0.5 have '
                f'{hard / total:.0%} of the classification loss, positives {sum(losses["positive"]) / total:.0%}.'
            )
    for label, name, part in _trained(subjects, 'classification'):
        gradients = part['gradients']
        picture = draw_histogram(
            gradients['edges'], {label: gradients['counts']}, '|p - target|', 'probabilities', log_y=True
        )
        caption = f'{_title(subjects, label, name)}: gradient norms |p - target|, as GHM looks at them.'
        section.pictures.append(Picture(f'gradient-norms-{len(section.pictures) + 1}', picture, caption))
    _ask_for_checkpoint(section, subjects, 'whose loss counts')
    return section


def _classes_dataset(subjects: Sequence[Subject]) -> Section:
    section = Section('classes_dataset')
    for what, key in (('objects per class', 'objects_per_class'), ('images with each class', 'images_per_class')):
        section.balances[what] = _data_balances(subjects, key)
    for names, group in _by_classes(subjects):
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
            series = {label: subject['data'][key] for label, subject in _distinct(group, key).items()}
            section.pictures.append(
                Picture(f'{what}-per-class', draw_bars(names, series, what), f'{what} of each class (Fig. 5a).')
            )
        order = [names[index] for index in np.argsort(-first, kind='stable')]
        results = {
            label: [100 * (part['classwise'][name]['AP'] or 0) for name in order]
            for label, part in _of(list(group.values()), 'evaluation').items()
        }
        if results:
            picture = draw_bars(order, results, 'AP, %')
            caption = 'AP of each class on the validation images looked at; the classes with most objects first.'
            section.pictures.append(Picture('ap-per-class', picture, caption))
    for what, key, caption in (
        ('objects in an image', 'objects_per_image', 'How many objects the images have (Fig. 5b).'),
        ('classes in an image', 'classes_per_image', 'How many classes the images have (Fig. 5c).'),
    ):
        counts = _padded(
            {label: subject['data'][key] for label, subject in _distinct(_labelled(subjects), key).items()}
        )
        edges = [count - 0.5 for count in range(len(next(iter(counts.values()))) + 1)]
        section.pictures.append(Picture(key.replace('_', '-'), draw_histogram(edges, counts, what, 'images'), caption))
    return section


def _classes_batch(subjects: Sequence[Subject]) -> Section:
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
    counts = _padded({label: batches['classes'] for label, batches in found.items()})
    edges = [count - 0.5 for count in range(len(next(iter(counts.values()))) + 1)]
    picture = draw_histogram(edges, counts, 'classes in a batch', 'batches')
    section.pictures.append(Picture('classes-per-batch', picture, 'How many classes the batches have (Fig. 6).'))
    return section


def _box_scale(subjects: Sequence[Subject]) -> Section:
    section = Section('box_scale')
    for what, key in (("AI-TOD's sizes", 'size_aitod'), ("COCO's sizes", 'size_coco')):
        section.balances[what] = _data_balances(subjects, key)
    group = _distinct(_labelled(subjects), 'size_bins')
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
    results = _of(subjects, 'evaluation')
    for key, what in (('AP', 'AP'), ('AR', 'recall')):
        values = {label: [part[f'{key}_{size}'] for size in ('vt', 't', 's', 'm')] for label, part in results.items()}
        if values:
            series = {label: [100 * v if v >= 0 else None for v in part] for label, part in values.items()}
            picture = draw_bars(('vt', 't', 's', 'm'), series, f'{what}, %')
            caption = f'{what} by absolute size on the validation images looked at.'
            section.pictures.append(Picture(f'{key.lower()}-by-size', picture, caption))
    return section


def _feature_level(subjects: Sequence[Subject]) -> Section:
    section = Section('feature_level')
    tasks = _of(subjects, 'trained', 'tasks')
    levels = max((len(part['activation_per_level']) for part in tasks.values()), default=0)
    if levels > 1:
        names = [f'level {level}' for level in range(levels)]
        activations = {label: part['activation_per_level'] for label, part in tasks.items()}
        picture = draw_bars(names, _padded(activations), 'root mean square')
        caption = 'Activations of the levels, from the finest map on: root mean square of what the head sees.'
        section.pictures.append(Picture('activations', picture, caption))
        for label, part in tasks.items():
            picture = draw_bars(names, part['gradient_per_level'], 'norm of the gradient')
            caption = f'{label}: gradients that the losses send to each level.'
            section.pictures.append(Picture(f'level-gradients-{len(section.pictures)}', picture, caption))
    elif tasks:
        section.absent.append('The detector has one feature map.')
    _ask_for_checkpoint(section, subjects, 'activations and gradients of the levels')
    return section


def _regression_loss(subjects: Sequence[Subject]) -> Section:
    section = Section('regression_loss')
    by_error, gradients = {}, {}
    for subject in subjects:
        for name, part in (subject.get('regression_loss') or {}).items():
            title = f'{part["type"]} ({_title(subjects, subject["label"], name)})'
            if 'absent' in part:
                section.absent.append(f'{title}: {part["absent"]}')
                continue
            by_error[title] = (part['error'], [value / max(part['loss']) for value in part['loss']])
            gradients[title] = (part['iou'], part['gradient'])
    if by_error:
        picture = draw_curves(
            by_error, 'error in px of an object of 32 px, along the diagonal', 'loss, over the largest'
        )
        section.pictures.append(Picture('loss-by-error', picture, 'What the box losses make of an error (Fig. 11).'))
        picture = draw_curves(gradients, 'IoU of the box', 'gradient in 1/px')
        section.pictures.append(Picture('gradient-by-iou', picture, 'Gradients of the box losses by the IoU.'))
    elif not section.absent:
        section.absent.append('No head of the config has a loss_bbox.')
    for label, name, part in _trained(subjects, 'regression'):
        series = {'number of positives': part['after'], 'their loss': part['losses']}
        picture = draw_histogram(part['edges'], series, 'IoU of the predicted box', 'share')
        caption = f'{_title(subjects, label, name)}: positives and their share of the box loss, by the IoU of the box.'
        section.pictures.append(Picture(f'loss-by-iou-{len(section.pictures)}', picture, caption))
    _ask_for_checkpoint(section, subjects, 'which boxes hold the loss')
    return section


def _iou_distribution(subjects: Sequence[Subject]) -> Section:
    section = Section('iou_distribution')
    for label, name, part in _trained(subjects, 'regression'):
        title = _title(subjects, label, name)
        section.balances.setdefault('IoUs after regression, from 0.5', {})[title] = measure_balance(
            part['after'][10:], ordered=True
        ).as_dict()
        if not sum(part['before']):
            section.absent.append(f'{title}: its loss compares boxes and is not told the priors before regression.')
            continue
        series = {'before regression': part['before'], 'after': part['after']}
        picture = draw_histogram(part['edges'], series, 'IoU with the object', 'positives')
        section.pictures.append(
            Picture(f'iou-before-after-{len(section.pictures)}', picture, f'{title}: overlaps (Fig. 12a).')
        )
        picture = draw_heat_maps({title: part['joint']}, 'IoU before', 'IoU after', _UNIT_SQUARE, upwards=True)
        section.pictures.append(
            Picture(f'iou-joint-{len(section.pictures)}', picture, f'{title}: what regression changes (Fig. 12b).')
        )
        middles = [(low + high) / 2 for low, high in zip(part['edges'], part['edges'][1:])]
        known = [(x, y) for x, y in zip(middles, part['mean_after']) if y is not None]
        curves = {'mean IoU after': ([x for x, _ in known], [y for _, y in known]), 'as before': (middles, middles)}
        picture = draw_curves(curves, 'IoU before', 'IoU after')
        section.pictures.append(
            Picture(f'iou-mean-{len(section.pictures)}', picture, f'{title}: mean IoU after regression (Fig. 12c).')
        )
        worse = [f'{x:.2f}' for x, y in known if y < x]
        if worse:
            section.remarks.append(f'{title}: regression makes boxes worse that begin at an IoU of {", ".join(worse)}.')
    _ask_for_checkpoint(section, subjects, 'overlaps before and after regression')
    return section


def _location(subjects: Sequence[Subject]) -> Section:
    section = Section('location')
    section.balances['centres of objects'] = _data_balances(subjects, 'centres')
    maps = {
        label: subject['data']['centres']['counts']
        for label, subject in _distinct(_labelled(subjects), 'centres').items()
    }
    if any(np.any(counts) for counts in maps.values()):
        picture = draw_heat_maps(maps, 'x over the width', 'y over the height', _UNIT_SQUARE)
        section.pictures.append(Picture('centres', picture, 'Where the centres of the objects lie (Fig. 13).'))
    else:
        section.absent.append('The sizes of the images are not known, so the places in them are not.')
    return section


def _objective(subjects: Sequence[Subject]) -> Section:
    section = Section('objective')
    for label, tasks in _of(subjects, 'trained', 'tasks').items():
        names = list(tasks['loss'])
        for what, key in (('losses', 'loss'), ('gradients', 'gradient')):
            balance = measure_balance([tasks[key].get(name, 0) for name in names]).as_dict()
            section.balances.setdefault(f'{what} of the tasks', {})[label] = balance
        rows = [(name, f'{tasks["loss"][name]:.3g}', f'{tasks["gradient"].get(name, 0):.3g}') for name in names]
        head = ('task', 'loss', 'norm of its gradient at the shared features')
        section.tables.append(Table(f'{label}: tasks (Fig. 16).', head, rows))
        angles = [(f'{first} and {second}', f'{cosine:+.2f}') for first, second, cosine in tasks['cosine']]
        if angles:
            caption = (
                f'{label}: cosine of the angle between gradients: 1 pulls the same way, below 0 against each other.'
            )
            section.tables.append(Table(caption, ('tasks', 'cosine'), angles))
    for label, log in _of(subjects, 'log').items():
        for key, y, caption in (
            ('losses', 'loss', 'losses over the training'),
            ('pace', 'loss over the first', 'how fast the tasks are learned (Fig. 17)'),
        ):
            curves = {
                name: ([step for step, _ in values], [value for _, value in values])
                for name, values in log[key].items()
                if len(values) > 1
            }
            if curves:
                picture = draw_curves(curves, 'iteration', y, log_y=True)
                section.pictures.append(Picture(f'{key}-{len(section.pictures)}', picture, f'{label}: {caption}.'))
    _ask_for_checkpoint(section, subjects, 'losses and gradients of the tasks')
    if not _of(subjects, 'log'):
        section.absent.append('No log of a training beside the checkpoint (vis_data/scalars.json), so no pace.')
    return section


def _trained(subjects: Sequence[Subject], part: str) -> Iterator[tuple[str, str, Any]]:
    """Detector, name of the loss and its statistics."""
    for label, by_loss in _of(subjects, 'trained', part).items():
        for name, values in by_loss.items():
            yield label, name, values


def _title(subjects: Sequence[Subject], label: str, name: str) -> str:
    """The head's name; with several detectors, theirs before it."""
    head = name.removeprefix('model.').rpartition('.')[0]
    return f'{label}, {head}' if len(subjects) > 1 else head


def _shares(values: Sequence[float], of: Mapping[str, Sequence[float]]) -> list[float]:
    total = max(sum(map(sum, of.values())), 1e-12)
    return [100 * value / total for value in values]


def _ask_for_checkpoint(section: Section, subjects: Sequence[Subject], what: str) -> None:
    without = [subject['label'] for subject in subjects if not subject.get('trained')]
    if without:
        section.absent.append(f'{what[0].upper()}{what[1:]}: needs a checkpoint of {", ".join(without)}.')


def _data_balances(subjects: Sequence[Subject], key: str) -> dict[str, Any]:
    """A balance of the data, once for detectors that share it."""
    balances: dict[str, Any] = {}
    for label, numbers in _of(subjects, 'data', 'balance', key).items():
        same = next((other for other, known in balances.items() if known == numbers), None)
        if same is None:
            balances[label] = numbers
        else:
            balances[f'{same}, {label}'] = balances.pop(same)
    return balances


def _labelled(subjects: Sequence[Subject]) -> dict[str, Subject]:
    return {subject['label']: subject for subject in subjects}


def _distinct(group: Mapping[str, Subject], key: str) -> dict[str, Subject]:
    """Without the detectors whose data are those of an earlier one: comparisons mostly share a data set."""
    kept: dict[str, Subject] = {}
    for label, subject in group.items():
        if all(subject['data'][key] != other['data'][key] for other in kept.values()):
            kept[label] = subject
    return kept


def _by_classes(subjects: Sequence[Subject]) -> list[tuple[list[str], dict[str, Subject]]]:
    """The detectors grouped by the classes of their data."""
    groups: dict[tuple[str, ...], dict[str, Subject]] = {}
    for subject in subjects:
        groups.setdefault(tuple(subject['data']['classes']), {})[subject['label']] = subject
    return [(list(names), group) for names, group in groups.items()]


def _of(subjects: Sequence[Subject], *path: str) -> dict[str, Any]:
    """What lies under a path of keys, by detector, where it is there."""
    found = {}
    for subject in subjects:
        value: Any = subject
        for key in path:
            value = (value or {}).get(key)
        if value is not None:
            found[subject['label']] = value
    return found


def _padded(counts: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """All of the same length, filled up with zeros."""
    longest = max(map(len, counts.values()))
    return {label: [*values, *[0] * (longest - len(values))] for label, values in counts.items()}


def _number(value: float | None) -> str:
    return '–' if value is None else f'{value:.2f}'


def _percent(value: float | None) -> str:
    return '–' if value is None else f'{value:.0%}'
