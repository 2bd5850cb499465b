"""Every defect of annotations and image files, counted, for a config or for annotation files."""

import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope

from nwd_mmdet.datasets.annotation_files import listing
from nwd_mmdet.datasets.checks import boxes, classes, entries, image_contents, image_files, pipelines, splits
from nwd_mmdet.datasets.checks.data_sets import DataSet, of_file, of_settings, read_columns
from nwd_mmdet.datasets.checks.findings import Check, Finding, Level, Report, say_once
from nwd_mmdet.datasets.checks.image_contents import ImageContent, check_contents, read_images
from nwd_mmdet.datasets.input_boxes import leaves
from nwd_mmdet.evaluation import metric_fit

Sets = Sequence[DataSet]

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
        settings = (cfg.get(f'{role}_dataloader') or {}).get('dataset')
        if role == 'test' and 'val' in roles and settings == cfg.val_dataloader.dataset:
            roles['test'] = roles['val']
        elif settings:
            roles[role] = list(_read_role(settings, role, read, report))
    training = roles.get('train', [])
    held_out = list({id(sets): sets for role in ('val', 'test') if (sets := roles.get(role))}.values())
    for sets in (training, *held_out):
        _check_sets(sets, report)
    if training:
        report.findings += pipelines.check_model(cfg.get('model'), training[0].classes)
    for role in ('val', 'test'):
        for metric, data in itertools.product(metric_fit.metrics_of(cfg.get(f'{role}_evaluator')), roles.get(role, [])):
            report.findings += [f for f in metric_fit.check_metric(metric, data, read) if f not in report.findings]
    pairs = [(training, sets) for sets in held_out if training]
    _check_between(pairs, report)
    _check_files([data for sets in (training, *held_out) for data in sets], pairs, report, read_files)
    return report


def check_before_training(cfg: Config) -> Report:
    """Check what takes seconds, all but the contents of images, and log it.

    Args:
        cfg: The config of the training.

    Returns:
        The report. It is on the caller to end the training where it has errors.
    """
    print_log('Checking the data (docs/check_data.md) ...', logger='current')
    report = check_config(cfg, read_files=False)
    for line in (*report.sizes, *report.notes):
        print_log(f'Data: {line}', logger='current')
    for finding in report.sorted():
        if finding.fate.level is Level.HINT:
            print_log(str(finding), logger='current')
        else:
            say_once(str(finding))
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
            report.notes.append(f'{data.source}: no images were found near it, so none were looked at: --images DIR')
    pairs = [([first], [second]) for first, second in itertools.combinations(sets, 2)]
    _check_between(pairs, report)
    _check_files(sets, pairs, report, read_files)
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


def _check_sets(sets: Sets, report: Report) -> None:
    """Each data set of a role by itself, and their classes together."""
    if not sets:
        return
    counts: Counter[str] = Counter()
    for data in sets:
        report.findings += data.check()
        report.sizes.append(data.size())
        counts.update(classes.count_objects(data.columns, data.handed_on))
    source = _sources(sets)
    report.findings += classes.check_class_objects(source, counts, sets[0].classes)


def _check_between(pairs: Sequence[tuple[Sets, Sets]], report: Report) -> None:
    """Labels of data sets in pairs."""
    for first, second in pairs:
        report.findings += splits.check_labels(_sources(first, second), first[0].labels, second[0].labels)


def _check_files(sets: Sets, pairs: Sequence[tuple[Sets, Sets]], report: Report, read_files: bool) -> None:
    """Image files: those that nobody lists, and what is in those that are listed."""
    located = [data for data in sets if data.folder is not None]
    report.findings += image_files.check_unlisted(
        [path for data in located for path, _ in data.listed], 'image folders'
    )
    contents: dict[Path, ImageContent] = {}
    if read_files:
        listed = {path: pipelines.loader_of(data.steps) for data in located for path, _ in data.listed}
        contents, unread = read_images({path: loader for path, loader in listed.items() if path.is_file()})
        report.unread = unread
    for data in located:
        skipped = image_files.SKIPPED if data.role == 'train' and pipelines.skips_unreadable(data.steps) else None
        report.findings += check_contents(data.source, data.listed, contents, skipped)
    for first, second in pairs:
        source = _sources(first, second)
        files, others = ([file for data in sets for file in data.named_files] for sets in (first, second))
        report.findings += splits.check_shared_names(source, files, others, contents)
        paths, other_paths = ([path for _, path in part if path is not None] for part in (files, others))
        report.findings += splits.check_shared_content(source, paths, other_paths, contents)


def _sources(*groups: Sets) -> str:
    return ' and '.join(listing([data.source for data in sets], 2) for sets in groups)
