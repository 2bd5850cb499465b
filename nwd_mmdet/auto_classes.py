"""Class names and their number, read from the annotations instead of written into a config."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from nwd_mmdet.datasets.aitod import find_annotations
from nwd_mmdet.evaluation.coco_arrays import read_json


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
    datasets = [part for loader in loaders for part in dicts_in(loader) if _has_auto_classes(part)]
    heads = [part for part in dicts_in(cfg.get('model')) if part.get('num_classes') == 'auto']
    if not datasets:
        if heads:
            raise ValueError(
                "num_classes='auto' needs to know the classes: set metainfo=dict(classes='auto') in the data sets, or "
                'give the number'
            )
        return None
    names = {str(path): _class_names(path) for path in map(_annotation_file, datasets)}
    (first, classes), *others = names.items()
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


def _class_names(path: Path) -> tuple[str, ...]:
    content = read_json(path)
    if not isinstance(content, dict) or not content.get('categories'):
        raise ValueError(f"{path}: not a COCO data set, which is a JSON object with 'images' and 'categories'")
    return tuple(str(category['name']) for category in content['categories'])


def dicts_in(value: Any) -> Iterator[dict[str, Any]]:
    """All dictionaries inside a config's value, itself included."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from dicts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from dicts_in(item)
