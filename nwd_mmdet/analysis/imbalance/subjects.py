"""The numbers of several detectors, by detector: what the sections of the page are made of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nwd_mmdet.analysis.imbalance.page import Section

#: What was measured of one detector, as in the report's JSON.
Subject = Mapping[str, Any]


def values_of(subjects: Sequence[Subject], *path: str) -> dict[str, Any]:
    """What lies under a path of keys, by detector, where it is there."""
    found = {}
    for subject in subjects:
        value: Any = subject
        for key in path:
            value = (value or {}).get(key)
        if value is not None:
            found[subject['label']] = value
    return found


def labelled(subjects: Sequence[Subject]) -> dict[str, Subject]:
    return {subject['label']: subject for subject in subjects}


def distinct(group: Mapping[str, Subject], key: str) -> dict[str, Subject]:
    """Without the detectors whose data are those of an earlier one: comparisons mostly share a data set."""
    kept: dict[str, Subject] = {}
    for label, subject in group.items():
        if all(subject['data'][key] != other['data'][key] for other in kept.values()):
            kept[label] = subject
    return kept


def by_classes(subjects: Sequence[Subject]) -> list[tuple[list[str], dict[str, Subject]]]:
    """The detectors grouped by the classes of their data."""
    groups: dict[tuple[str, ...], dict[str, Subject]] = {}
    for subject in subjects:
        groups.setdefault(tuple(subject['data']['classes']), {})[subject['label']] = subject
    return [(list(names), group) for names, group in groups.items()]


def data_balances(subjects: Sequence[Subject], key: str) -> dict[str, Any]:
    """A balance of the data, once for detectors that share it."""
    balances: dict[str, Any] = {}
    for label, numbers in values_of(subjects, 'data', 'balance', key).items():
        same = next((other for other, known in balances.items() if known == numbers), None)
        if same is None:
            balances[label] = numbers
        else:
            balances[f'{same}, {label}'] = balances.pop(same)
    return balances


def trained(subjects: Sequence[Subject], part: str) -> Iterator[tuple[str, str, Any]]:
    """Detector, name of the loss and its statistics."""
    for label, by_loss in values_of(subjects, 'trained', part).items():
        for name, values in by_loss.items():
            yield label, name, values


def title_of(subjects: Sequence[Subject], label: str, name: str) -> str:
    """The head's name; with several detectors, theirs before it."""
    head = name.removeprefix('model.').rpartition('.')[0]
    return f'{label}, {head}' if len(subjects) > 1 else head


def padded(counts: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """All of the same length, filled up with zeros."""
    longest = max(map(len, counts.values()))
    return {label: [*values, *[0] * (longest - len(values))] for label, values in counts.items()}


def ask_for_checkpoint(section: Section, subjects: Sequence[Subject], what: str) -> None:
    without = [subject['label'] for subject in subjects if not subject.get('trained')]
    if without:
        section.absent.append(f'{what[0].upper()}{what[1:]}: needs a checkpoint of {", ".join(without)}.')


def priors_of(subjects: Sequence[Subject]) -> dict[str, Any]:
    """Statistics of the priors by detector, where they are known."""
    return {label: part for label, part in values_of(subjects, 'priors').items() if 'absent' not in part}


def tell_of_unknown_priors(section: Section, subjects: Sequence[Subject]) -> None:
    """Say which detectors' priors were not looked at, and why."""
    for subject in subjects:
        reason = (subject.get('priors') or {'absent': 'the measuring was interrupted'}).get('absent')
        if reason:
            section.absent.append(f'Priors of {subject["label"]}: {reason}.')
