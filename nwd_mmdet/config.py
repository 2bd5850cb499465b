"""From a file to a config that runs: classes and constants from the data, fragments dropped."""

import logging
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.logging import print_log

from nwd_mmdet.datasets.annotation_files import find_annotations, read_coco
from nwd_mmdet.datasets.input_boxes import InputBoxes
from nwd_mmdet.datasets.nwd_constant import ConstantEstimate
from nwd_mmdet.settings import WITHOUT_DATA, dicts_in, type_name

__all__ = ['load_config', 'read_config', 'resolve_auto_classes', 'resolve_auto_constants', 'resolve_config']

_NWD_METRICS = ('nwd', 'nwd_iou')


def read_config(path: str | Path) -> Config:
    """Read a config file, or with ``mmdet::`` before its path one that mmdet brings.

    A fragment, which is a dictionary at the top level with ``_fragment_=True``, is there for other files to take parts
    of, as in ``model = {{_base_.nwd.rpn}}``; by now they have, and it is dropped.

    Raises:
        FileNotFoundError: If there is none.
    """
    if '::' in str(path):
        return get_config(str(path))
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no config file {path.absolute()}. Its path is relative to the working directory.')
    cfg = Config.fromfile(path)
    _drop_fragments(cfg)
    return cfg


def _drop_fragments(cfg: Config) -> None:
    for name in [name for name, value in cfg.items() if isinstance(value, dict) and value.get('_fragment_')]:
        cfg.pop(name)


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config and resolve what it leaves to the data, so that it can be built.

    Args:
        path: As in :func:`read_config`.
        options: Settings that replace those of the file, keys with dots: ``{'model.bbox_head.num_classes': 8}``.

    Raises:
        FileNotFoundError: If the config file or one of its bases does not exist; and as :func:`resolve_config`.
        ValueError: As :func:`resolve_config`.
    """
    cfg = read_config(path)
    cfg.merge_from_dict(dict(options or {}))
    resolve_config(cfg)
    cfg.default_scope = cfg.get('default_scope') or 'mmdet'
    return cfg


def resolve_config(cfg: Config) -> None:
    """Resolve what a config leaves to the data, and drop its fragments.

    ``constant='auto'`` in the model becomes the mean object size of the training set, ``nwd_constant`` at the top level
    the constant of all its parts with NWD, ``classes='auto'`` in the data sets the names in their files,
    ``num_classes='auto'`` in the model their number.

    Args:
        cfg: Changed in place. No file is read where there is no ``'auto'``.

    Raises:
        FileNotFoundError: An annotation file that is read does not exist.
        ValueError: One NWD constant for each class in an RPN; and as :func:`resolve_auto_classes` and
            :func:`resolve_auto_constants`.
    """
    _drop_fragments(cfg)
    _refuse_class_constants_in_rpn(cfg)
    try:
        resolve_auto_classes(cfg)
        resolve_auto_constants(cfg)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}\nIt is read for an 'auto' in the config. {WITHOUT_DATA}") from error


def _refuse_class_constants_in_rpn(cfg: Config) -> None:
    """An RPN, to which all objects are of one class, cannot have an NWD constant for each class."""
    assigner = dict(dicts_in(cfg.get('model'), 'model')).get('model.train_cfg.rpn.assigner', {})
    if isinstance(assigner.get('constant'), (list, tuple)):
        raise ValueError(
            f'model.train_cfg.rpn.assigner.constant={assigner["constant"]} has one number for each class, but an RPN '
            'does not know the classes: give it a single number. The R-CNN stage and one-stage detectors take a list.'
        )


def resolve_auto_classes(cfg: Config) -> tuple[str, ...] | None:
    """Replace ``metainfo=dict(classes='auto')`` of data sets, and ``num_classes='auto'`` in the model.

    The names are those of the first data set's COCO file, in its order, for all data sets alike: labels mean the same
    in training and testing. They are logged and stand in the config afterwards.

    Args:
        cfg: Changed in place. No file is read where there is no ``'auto'``.

    Returns:
        The class names; None without an ``'auto'``.

    Raises:
        FileNotFoundError: An annotation file that does not exist.
        ValueError: A file that is no COCO data set; data sets whose class names differ; ``num_classes='auto'`` without
            ``classes='auto'``.
    """
    loaders = [cfg.get(f'{part}_dataloader') or {} for part in ('train', 'val', 'test')]
    datasets = [part for loader in loaders for _, part in dicts_in(loader) if _has_auto_classes(part)]
    heads = [part for _, part in dicts_in(cfg.get('model')) if part.get('num_classes') == 'auto']
    if not datasets:
        if heads:
            raise ValueError(
                "num_classes='auto' needs to know the classes: set metainfo=dict(classes='auto') in the data sets, or "
                'give the number'
            )
        return None
    names = {
        str(path): tuple(str(category['name']) for category in read_coco(path)['categories'])
        for path in map(_annotation_file, datasets)
    }
    (first, classes), *others = names.items()
    if not classes:
        raise ValueError(f"classes='auto': {first} lists no categories")
    for path, found in others:
        if set(found) != set(classes):
            different = sorted(set(found) ^ set(classes))
            raise ValueError(
                f"classes='auto': {path} and {first} have not the same classes, they differ by {different}. Rename "
                'them, or give metainfo=dict(classes=...) by hand'
            )
    for dataset in datasets:
        dataset['metainfo']['classes'] = classes
    for head in heads:
        head['num_classes'] = len(classes)
    print_log(f"classes='auto' are the {len(classes)} of {first}: {', '.join(classes)}", logger='current')
    return classes


def _has_auto_classes(part: dict[str, Any]) -> bool:
    return 'ann_file' in part and (part.get('metainfo') or {}).get('classes') == 'auto'


def _annotation_file(dataset: dict[str, Any]) -> Path:
    return find_annotations(Path(dataset.get('data_root') or '') / dataset['ann_file'])


def resolve_auto_constants(cfg: Config) -> float | None:
    """Give NWD's constants in a config's model their numbers: of ``nwd_constant`` and of every ``constant='auto'``.

    ``nwd_constant`` at the top level is the C of every part of the model that compares by NWD: assigners, NMS, losses
    and costs. ``'auto'`` is the mean object size of the training set. Numbers are logged and stand in the config
    afterwards, so that the copy in the work folder trains and tests the same without the data set.

    Args:
        cfg: Changed in place. The data set is read only where there is an ``'auto'``.

    Returns:
        What ``'auto'`` is in network-input px, rounded to 0.1; None without an ``'auto'``.

    Raises:
        ValueError: A training set without objects, or without the sizes of its images; an ``nwd_constant`` that is
            neither a positive number nor ``'auto'``, or that no part of the model takes.
        FileNotFoundError: A training set that does not exist.
    """
    everywhere = cfg.get('nwd_constant')
    places = dict(_nwd_places(cfg)) if everywhere is not None else {}
    asked = [part for _, part in dicts_in(cfg.get('model'), 'model') if part.get('constant') == 'auto']
    mean_size = None
    if asked or everywhere == 'auto':
        estimate = ConstantEstimate.of(InputBoxes.from_config(cfg))
        mean_size = estimate.constant
        print_log(
            f"NWD's constant 'auto' is {mean_size} px, the mean √(wh) of {estimate.overall.count:,} training objects "
            'in network-input pixels',
            logger='current',
        )
    for part in asked:
        part['constant'] = mean_size
    if everywhere is not None:
        cfg['nwd_constant'] = mean_size if everywhere == 'auto' else everywhere
        _set_everywhere(places, cfg['nwd_constant'])
    return mean_size


def _set_everywhere(places: dict[str, dict[str, Any]], constant: Any) -> None:
    if isinstance(constant, bool) or not isinstance(constant, (int, float)) or not 0 < constant < math.inf:
        raise ValueError(f"nwd_constant={constant!r} must be a positive number of px, or 'auto'")
    if not places:
        raise ValueError(
            f'nwd_constant={constant} has nothing to go to: no part of the model compares boxes by NWD. Put '
            "NWDAssigner, NWDLoss, nwd_nms or metric='nwd' into it, or leave nwd_constant out"
        )
    own = {path: part['constant'] for path, part in places.items() if 'constant' in part}
    others = [f'{path}.constant={value}' for path, value in own.items() if value != constant]
    if others:
        print_log(
            f'nwd_constant={constant} takes the place of {", ".join(others)}', logger='current', level=logging.WARNING
        )
    for part in places.values():
        part['constant'] = constant


def _nwd_places(cfg: Config) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and settings of every part of the model that has the C of NWD."""
    for path, part in dicts_in(cfg.get('model'), 'model'):
        if type_name(part) in ('NWDAssigner', 'NWDLoss', 'nwd_nms') or part.get('metric') in _NWD_METRICS:
            yield path, part
        elif part.get('overlap') in _NWD_METRICS:  # DWAssigner
            if not part.get('overlap_params'):
                part['overlap_params'] = {}
            yield f'{path}.overlap_params', part['overlap_params']
