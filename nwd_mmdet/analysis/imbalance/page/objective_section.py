"""The section on the objectives: losses and gradients of the tasks, and their pace."""

from collections.abc import Iterator, Sequence

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector
from nwd_mmdet.analysis.imbalance.page.comparison import needs_checkpoint
from nwd_mmdet.analysis.imbalance.page.plots import draw_curves
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing, Part, Picture, Table


def objective(detectors: Sequence[MeasuredDetector]) -> Iterator[Part]:
    """Review, section 7: losses and gradients of the tasks, and how fast their losses fall."""
    tasks = {detector.label: detector.trained['tasks'] for detector in detectors if detector.trained}
    for what, key in (('losses', 'loss'), ('gradients', 'gradient')):
        counts = {label: [numbers[key].get(name, 0) for name in numbers['loss']] for label, numbers in tasks.items()}
        yield Balances.of(f'{what} of the tasks', counts)
    for label, numbers in tasks.items():
        gradients = numbers['gradient']
        rows = [(name, f'{loss:.3g}', f'{gradients.get(name, 0):.3g}') for name, loss in numbers['loss'].items()]
        head = ('task', 'loss', 'norm of its gradient at the shared features')
        yield Table(f'{label}: tasks (Fig. 16).', head, rows)
        if angles := [(f'{first} and {second}', f'{cosine:+.2f}') for first, second, cosine in numbers['cosine']]:
            caption = (
                f'{label}: cosine of the angle between gradients: 1 pulls the same way, below 0 against each other.'
            )
            yield Table(caption, ('tasks', 'cosine'), angles)
    logs = {detector.label: detector.log for detector in detectors if detector.log}
    for label, log in logs.items():
        for key, y, caption in (
            ('losses', 'loss', 'losses over the training'),
            ('pace', 'loss over the first', 'how fast the tasks are learned (Fig. 17)'),
        ):
            curves = {
                name: ([step for step, _ in points], [value for _, value in points])
                for name, points in log[key].items()
                if len(points) > 1
            }
            if curves:
                yield Picture(key, draw_curves(curves, 'iteration', y, log_y=True), f'{label}: {caption}.')
    yield from needs_checkpoint(detectors, 'Losses and gradients of the tasks')
    if not logs:
        yield Missing('No log of a training beside the checkpoint (vis_data/scalars.json), so no pace.')
