"""The numbers of several detectors side by side: what the sections of the page have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector, Numbers
from nwd_mmdet.analysis.imbalance.page.section import Balances, Missing


def distinct_data(detectors: Sequence[MeasuredDetector], key: str) -> dict[str, Any]:
    """Numbers of the data by detector, once for those that share them: comparisons mostly share a data set."""
    found: dict[str, Any] = {}
    for detector in detectors:
        if detector.data[key] not in found.values():
            found[detector.label] = detector.data[key]
    return found


def data_balances(detectors: Sequence[MeasuredDetector], what: str, key: str) -> Balances:
    """A balance of the data, once for detectors that share it."""
    found = [(detector.label, detector.data['balance'][key]) for detector in detectors]
    return Balances(
        what, {', '.join(label for label, other in found if other == numbers): numbers for _, numbers in found}
    )


def by_classes(detectors: Sequence[MeasuredDetector]) -> dict[tuple[str, ...], list[MeasuredDetector]]:
    """Names of classes → detectors whose data have them."""
    groups: dict[tuple[str, ...], list[MeasuredDetector]] = {}
    for detector in detectors:
        groups.setdefault(tuple(detector.data['classes']), []).append(detector)
    return groups


def known_priors(detectors: Sequence[MeasuredDetector]) -> dict[str, Numbers]:
    """Statistics of the priors by detector, where they are known."""
    return {
        detector.label: detector.priors for detector in detectors if detector.priors and 'absent' not in detector.priors
    }


def unknown_priors(detectors: Sequence[MeasuredDetector]) -> Iterator[Missing]:
    """Of which detectors the priors are not known, and why."""
    for detector in detectors:
        if reason := (detector.priors or {'absent': 'the measuring was interrupted'}).get('absent'):
            yield Missing(f'Priors of {detector.label}: {reason}.')


def loss_statistics(detectors: Sequence[MeasuredDetector], part: str) -> Iterator[tuple[str, Numbers]]:
    """Title and statistics of each loss of the trained detectors.

    Args:
        detectors: Of which those without a checkpoint are passed over.
        part: ``'classification'`` or ``'regression'``.
    """
    for detector in detectors:
        for name, numbers in (detector.trained or {part: {}})[part].items():
            yield head_title(detectors, detector, name), numbers


def head_title(detectors: Sequence[MeasuredDetector], detector: MeasuredDetector, loss: str) -> str:
    """Name of the head that has a loss; where there are several detectors, theirs before it."""
    head = loss.removeprefix('model.').rpartition('.')[0]
    return f'{detector.label}, {head}' if len(detectors) > 1 else head


def needs_checkpoint(detectors: Sequence[MeasuredDetector], what: str) -> Iterator[Missing]:
    """That something was not measured of the detectors without a checkpoint."""
    if without := [detector.label for detector in detectors if not detector.trained]:
        yield Missing(f'{what}: needs a checkpoint of {", ".join(without)}.')


def padded(counts: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """All of the same length, filled up with zeros."""
    longest = max(map(len, counts.values()))
    return {label: [*values, *[0] * (longest - len(values))] for label, values in counts.items()}
