"""Every defect of annotations and image files, counted, for a config or for annotation files."""

import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

from nwd_mmdet.datasets.checks import boxes, classes, entries, image_contents, image_files, pipelines, splits
from nwd_mmdet.datasets.checks.data_sets import DataSet, of_file, of_settings, read_columns
from nwd_mmdet.datasets.checks.findings import Check, Finding, Report
from nwd_mmdet.datasets.checks.image_contents import Loader, check_contents, read_images
from nwd_mmdet.datasets.input_boxes import leaves
from nwd_mmdet.evaluation import metric_fit

#: All checks, in the order of the table in docs/check_data.md.
CHECKS: tuple[Check, ...] = (
    *entries.CHECKS,
    *boxes.CHECKS,
    *classes.CHECKS,
    *image_files.CHECKS,
    *image_contents.CHECKS,
    *splits.CHECKS,
    *pipelines.CHECKS,
    *metric_fit.CHECKS,
)


def check_config(cfg: Config, read_files: bool = True) -> Report:
    """Check the data sets of a config, with its pipelines, evaluators and model.

    Data sets inside wrappers count, several of one role as one, and test data that are the validation data once.

    Args:
        cfg: A config, without ``'auto'``.
        read_files: Whether to read every image, which takes longer than seconds, with a progress bar.

    Raises:
        FileNotFoundError: An annotation file that does not exist.
    """
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    report, read = Report(), functools.cache(read_columns)
    roles: dict[str, list[DataSet]] = {}
    for role in ('train', 'val', 'test'):
        loader = cfg.get(f'{role}_dataloader') or {}
        if role == 'test' and roles.get('val') and loader.get('dataset') == cfg.val_dataloader.get('dataset'):
            roles['test'] = roles['val']
        elif 'dataset' in loader:
            roles[role] = list(_read_role(loader['dataset'], role, read, report))
    groups = {role: sets for role, sets in roles.items() if sets and not (role == 'test' and sets is roles.get('val'))}
    for role, sets in groups.items():
        _check_sets(sets, report)
    if 'train' in groups:
        report.findings += pipelines.check_model(cfg.get('model'), groups['train'][0].classes)
    for role in ('val', 'test'):
        for settings in metric_fit.metrics_of(cfg.get(f'{role}_evaluator')):
            for data in roles.get(role, []):
                found = metric_fit.check_metric(settings, data, read)
                report.findings += [finding for finding in found if finding not in report.findings]
    trained = groups.pop('train', [])
    _check_between([(trained, sets) for sets in groups.values() if trained], report)
    _check_files([*trained, *itertools.chain(*groups.values())], report, read_files, [(trained, s) for s in groups.values()])
    return report


def check_annotation_files(paths: Sequence[Path], images: Path | None = None, read_files: bool = True) -> Report:
    """Check COCO annotation files, and against each other.

    Args:
        paths: The files.
        images: Folder of their images, see :func:`~nwd_mmdet.datasets.checks.data_sets.of_file`.
        read_files: Whether to read every image.

    Raises:
        FileNotFoundError: A file that does not exist.
    """
    report, sets = Report(), []
    for path in paths:
        try:
            sets.append(of_file(path, images, read_columns))
        except ValueError as error:
            report.findings.append(Finding(entries.NO_COCO, str(path), 1, str(error), entries.NO_COCO.fate))
    for data in sets:
        _check_sets([data], report)
        if data.folder is None and data.columns.images:
            report.notes.append(f'{data.source}: its images were not found near it, and not looked at; name --images DIR')
    pairs = [([first], [second]) for first, second in itertools.combinations(sets, 2)]
    _check_between(pairs, report)
    _check_files(sets, report, read_files, pairs)
    return report


def _read_role(settings: dict[str, Any], role: str, read: Any, report: Report) -> Iterator[DataSet]:
    """The data sets of one role; those of several annotation files one by one."""
    for leaf, steps in leaves(settings):
        files = leaf.get('ann_file', '')
        for file in files if isinstance(files, (list, tuple)) else [files]:
            try:
                pipeline = [*leaf.get('pipeline', []), *steps]
                yield of_settings({**leaf, 'ann_file': file}, pipeline, role, read)
            except ValueError as error:
                report.findings.append(Finding(entries.NO_COCO, str(file), 1, str(error), entries.NO_COCO.fate))


def _check_sets(sets: Sequence[DataSet], report: Report) -> None:
    """Each data set of a role by itself, and their classes together."""
    counts: Counter[str] = Counter()
    for data in sets:
        report.findings += data.check()
        report.sizes.append(data.size())
        counts.update(classes.count_objects(data.columns, data.handed_on))
    source = ', '.join(data.source for data in sets)
    report.findings += classes.check_class_objects(source, counts, sets[0].classes)


def _check_between(pairs: Sequence[tuple[list[DataSet], list[DataSet]]], report: Report) -> None:
    """File names and labels of data sets in pairs."""
    for first, second in pairs:
        source = _sources(first, second)
        names, others = ([name for data in sets for name in data.columns.file_names] for sets in (first, second))
        report.findings += splits.check_shared_names(source, names, others)
        report.findings += splits.check_labels(source, first[0].labels, second[0].labels)


def _check_files(
    sets: Sequence[DataSet],
    report: Report,
    read_files: bool,
    pairs: Sequence[tuple[Sequence[DataSet], Sequence[DataSet]]],
) -> None:
    """Image files: those that nobody lists, and what is in those that are listed."""
    located = [data for data in sets if data.folder is not None]
    report.findings += image_files.check_unlisted([path for data in located for path, _ in data.listed], 'image folders')
    if not read_files:
        return
    loaders: Mapping[Path, Loader] = {
        path: pipelines.loader_of(data.steps) for data in located for path, _ in data.listed if path.is_file()
    }
    contents, interrupted = read_images(loaders)
    report.unread = len(loaders) - len(contents) if interrupted else 0
    for data in located:
        skipped = image_files.SKIPPED if data.role == 'train' and pipelines.skips_unreadable(data.steps) else None
        report.findings += check_contents(data.source, data.listed, contents, skipped)
    for first, second in pairs:
        paths, others = ([path for data in part for path, _ in data.listed] for part in (first, second))
        report.findings += splits.check_shared_content(_sources(first, second), paths, others, contents)


def _sources(*groups: Sequence[DataSet]) -> str:
    return ' and '.join(', '.join(data.source for data in sets) for sets in groups)
