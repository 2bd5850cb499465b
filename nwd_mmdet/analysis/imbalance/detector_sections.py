"""The sections of the page that are about the detector: its samples, levels, losses, overlaps and tasks."""

from collections.abc import Mapping, Sequence

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.page import Picture, Section, Table
from nwd_mmdet.analysis.imbalance.plots import draw_bars, draw_curves, draw_heat_maps, draw_histogram
from nwd_mmdet.analysis.imbalance.subjects import (
    Subject,
    ask_for_checkpoint,
    padded,
    priors_of,
    tell_of_unknown_priors,
    title_of,
    trained,
    values_of,
)

_UNIT_SQUARE = (0.0, 1.0, 0.0, 1.0)


def foreground_background(subjects: Sequence[Subject]) -> Section:
    """Review, section 4.1: positives and negatives, and whose loss counts."""
    section = Section('foreground_background')
    _priors_by_state(section, subjects)
    _loss_shares(section, subjects)
    for subject in subjects:
        if subject.get('trained') and not subject['trained']['classification']:
            section.absent.append(
                f'{subject["label"]}: its heads classify without a label for each sample, so whose loss counts is not '
                'known.'
            )
    ask_for_checkpoint(section, subjects, 'whose loss counts')
    return section


def _loss_shares(section: Section, subjects: Sequence[Subject]) -> None:
    """Easy and hard samples, what the methods of Table 3 would make of them, and gradient norms."""
    for label, name, part in trained(subjects, 'classification'):
        counts, losses = part['counts'], part['losses']
        title = title_of(subjects, label, name)
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
        rows = [
            (method, _share(numbers, 'positive'), _share(numbers, 'hard'))
            for method, numbers in part['methods'].items()
        ]
        caption = f'{title}: whose cross-entropy would count under the methods of Table 3, as the model stands.'
        section.tables.append(Table(caption, ('weights', 'share of positives', 'share of hard samples'), rows))
    for label, name, part in trained(subjects, 'classification'):
        gradients = part['gradients']
        picture = draw_histogram(
            gradients['edges'], {label: gradients['counts']}, '|p - target|', 'probabilities', log_y=True
        )
        caption = f'{title_of(subjects, label, name)}: gradient norms |p - target|, as GHM looks at them.'
        section.pictures.append(Picture(f'gradient-norms-{len(section.pictures) + 1}', picture, caption))


def _priors_by_state(section: Section, subjects: Sequence[Subject]) -> None:
    """Fig. 4a: positives and negatives of an image, before and after sampling."""
    priors = priors_of(subjects)
    rows = []
    for label, part in priors.items():
        for key, when in (('before', 'before sampling'), ('after', 'after')):
            numbers = {state: sum(values) for state, values in part[key].items()}
            ratio = numbers['negative'] / numbers['positive'] if numbers['positive'] else None
            rows.append(
                (
                    f'{label}, {when}',
                    *(f'{value:,.1f}' for value in numbers.values()),
                    '–' if ratio is None else f'{ratio:,.0f} : 1',
                )
            )
            balance = measure_balance([numbers['positive'], numbers['negative']]).as_dict()
            section.balances.setdefault(f'positives and negatives {when}', {})[label] = balance
    if rows:
        head = ('priors of an image', 'positive', 'negative', 'ignored', 'negative : positive')
        caption = 'Priors of the first stage, means over the images looked at (Fig. 4a).'
        section.tables.append(Table(caption, head, rows))
        series = {
            f'{label}, {when}': [sum(part[key]['positive']) or None, sum(part[key]['negative']) or None]
            for label, part in priors.items()
            for key, when in (('before', 'before sampling'), ('after', 'after'))
        }
        picture = draw_bars(('positive', 'negative'), series, 'priors of an image', log=True)
        section.pictures.append(Picture('priors', picture, 'Positive and negative priors (Fig. 4a), logarithmic.'))
    tell_of_unknown_priors(section, subjects)


def _priors_by_level(section: Section, subjects: Sequence[Subject]) -> None:
    """Objects and positives of each level."""
    priors = priors_of(subjects)
    for name, what, caption in (
        ('objects', 'objects with a positive there', 'Objects that each level serves, from the finest map on.'),
        ('positives', 'positives of an image', 'Positives of each level, before sampling.'),
    ):
        series = {
            label: part['objects_per_level'] if name == 'objects' else part['before']['positive']
            for label, part in priors.items()
        }
        if series:
            levels = max(map(len, series.values()))
            picture = draw_bars([f'level {level}' for level in range(levels)], padded(series), what)
            section.pictures.append(Picture(f'level-{name}', picture, caption))
            section.balances[f'{name} of the levels'] = {
                label: measure_balance(values, ordered=True).as_dict() for label, values in series.items()
            }
    tell_of_unknown_priors(section, subjects)


def relative_location(subjects: Sequence[Subject]) -> Section:
    """Sections 6.5.4 and 6.5.5, open issues of the review."""
    section = Section('relative_location')
    priors = priors_of(subjects)
    maps = {label: part['relative']['counts'] for label, part in priors.items()}
    if maps:
        picture = draw_heat_maps(maps, 'x, in widths of the object', 'y, in heights', (-1.0, 1.0, -1.0, 1.0))
        caption = 'Centres of positive priors around the centres of their objects (Fig. 14).'
        section.pictures.append(Picture('relative-location', picture, caption))
        found = {label: part['coverage'] for label, part in priors.items()}
        edges = next(iter(found.values()))['edges']
        series = {label: histogram['counts'] for label, histogram in found.items()}
        picture = draw_histogram(edges, series, 'boxes over a pixel, relative to the mean of the image', 'pixels')
        caption = 'How many of the boxes that are trained on lie over a pixel (Fig. 15); up to 5 times the mean.'
        section.pictures.append(Picture('coverage', picture, caption))
        for label, histogram in found.items():
            total = sum(histogram['counts']) + histogram['above']
            if total:
                section.remarks.append(
                    f'{label}: {histogram["counts"][0] / total:.0%} of the pixels lie under less than a quarter of the '
                    f'mean number of boxes, {histogram["above"] / total:.1%} under more than five times it.'
                )
    tell_of_unknown_priors(section, subjects)
    return section


def feature_level(subjects: Sequence[Subject]) -> Section:
    """Section 5.2: objects, positives, activations and gradients of the levels."""
    section = Section('feature_level')
    _priors_by_level(section, subjects)
    tasks = values_of(subjects, 'trained', 'tasks')
    levels = max((len(part['activation_per_level']) for part in tasks.values()), default=0)
    if levels > 1:
        names = [f'level {level}' for level in range(levels)]
        activations = {label: part['activation_per_level'] for label, part in tasks.items()}
        picture = draw_bars(names, padded(activations), 'root mean square')
        caption = 'Activations of the levels, from the finest map on: root mean square of what the head sees.'
        section.pictures.append(Picture('activations', picture, caption))
        for label, part in tasks.items():
            picture = draw_bars(names, part['gradient_per_level'], 'norm of the gradient')
            caption = f'{label}: gradients that the losses send to each level.'
            section.pictures.append(Picture(f'level-gradients-{len(section.pictures)}', picture, caption))
    elif tasks:
        section.absent.append('The detector has one feature map.')
    ask_for_checkpoint(section, subjects, 'activations and gradients of the levels')
    return section


def regression_loss(subjects: Sequence[Subject]) -> Section:
    """Section 6.1: what the box losses make of errors, and which boxes hold the loss."""
    section = Section('regression_loss')
    by_error, gradients = {}, {}
    for subject in subjects:
        for name, part in (subject.get('regression_loss') or {}).items():
            title = f'{part["type"]} ({title_of(subjects, subject["label"], name)})'
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
    for label, name, part in trained(subjects, 'regression'):
        series = {'number of positives': part['after'], 'their loss': part['losses']}
        picture = draw_histogram(part['edges'], series, 'IoU of the predicted box', 'share')
        caption = (
            f'{title_of(subjects, label, name)}: positives and their share of the box loss, by the IoU of the box.'
        )
        section.pictures.append(Picture(f'loss-by-iou-{len(section.pictures)}', picture, caption))
    ask_for_checkpoint(section, subjects, 'which boxes hold the loss')
    return section


def iou_distribution(subjects: Sequence[Subject]) -> Section:
    """Section 6.2: overlaps of the positives, before and after regression."""
    section = Section('iou_distribution')
    for name, what in (('iou', 'IoU'), ('nwd', 'NWD, C = 12.8 px,')):
        found = {label: part['overlaps'][name] for label, part in priors_of(subjects).items()}
        counts = {label: histogram['counts'] for label, histogram in found.items()}
        if any(map(sum, counts.values())):
            edges = next(iter(found.values()))['edges']
            picture = draw_histogram(edges, counts, f'{what} of a positive prior with its object', 'positives')
            section.pictures.append(Picture(f'prior-{name}', picture, f'{what} of the positives before regression.'))
            section.balances[f'{what} of positives'] = {
                label: measure_balance(values, ordered=True).as_dict() for label, values in counts.items()
            }
    tell_of_unknown_priors(section, subjects)
    for label, name, part in trained(subjects, 'regression'):
        title = title_of(subjects, label, name)
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
    ask_for_checkpoint(section, subjects, 'overlaps before and after regression')
    return section


def objective(subjects: Sequence[Subject]) -> Section:
    """Section 7: losses and gradients of the tasks, and their pace."""
    section = Section('objective')
    for label, tasks in values_of(subjects, 'trained', 'tasks').items():
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
    for label, log in values_of(subjects, 'log').items():
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
    ask_for_checkpoint(section, subjects, 'losses and gradients of the tasks')
    if not values_of(subjects, 'log'):
        section.absent.append('No log of a training beside the checkpoint (vis_data/scalars.json), so no pace.')
    return section


def _share(numbers: Mapping[str, float] | None, key: str) -> str:
    return '–' if numbers is None else f'{numbers[key]:.0%}'


def _shares(values: Sequence[float], of: Mapping[str, Sequence[float]]) -> list[float]:
    total = max(sum(map(sum, of.values())), 1e-12)
    return [100 * value / total for value in values]
