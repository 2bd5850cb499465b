"""The pipelines and the model of a config against its data."""

from collections.abc import Iterator, Sequence
from typing import Any

from nwd_mmdet.datasets.checks.columns import BoolArray, CocoColumns
from nwd_mmdet.datasets.checks.findings import Check, Fate, Finding, Level, Reader
from nwd_mmdet.datasets.checks.image_contents import Loader
from nwd_mmdet.settings import dicts_in, type_name

Steps = Sequence[dict[str, Any]]

NO_ANNOTATIONS = Check(
    'no-load-annotations',
    'training pipelines without LoadAnnotations',
    Fate(Level.ERROR, 'the first step ends with AttributeError: the samples have no boxes'),
    "put dict(type='LoadAnnotations', with_bbox=True) behind LoadImageFromFile",
)
NO_MASKS = Check(
    'no-masks',
    'annotations without segmentation, where LoadAnnotations has with_mask=True',
    Fate(Level.ERROR, "training ends with KeyError: 'mask' when it comes to the first of them"),
    'take with_mask=True out, and the mask head of the model with it, or add the masks',
)
NOT_PACKED = Check(
    'keys-not-packed',
    'keys that detectors and metrics need in testing and PackDetInputs does not pack',
    Fate(Level.ERROR, 'the first evaluation, after an epoch, ends with KeyError or AssertionError'),
    'add them to meta_keys of PackDetInputs; scale_factor comes from a Resize in the pipeline',
)
NUM_CLASSES = Check(
    'num-classes',
    'parts of the model whose num_classes is not the number of classes',
    Fate(Level.ERROR, 'labels beyond num_classes end training with IndexError, those beyond the classes evaluation'),
    "set num_classes to the number of classes, or to 'auto'",
)

CHECKS = (NO_ANNOTATIONS, NO_MASKS, NOT_PACKED, NUM_CLASSES)

_NEEDED = ('img_id', 'img_shape', 'ori_shape', 'scale_factor')
_DEFAULT_KEYS = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip', 'flip_direction')


def loader_of(steps: Steps) -> Loader:
    """How a pipeline reads images."""
    step = _step(steps, 'LoadImageFromFile')
    return Loader(step.get('color_type', 'color'), step.get('imdecode_backend', 'cv2'))


def skips_unreadable(steps: Steps) -> bool:
    """Whether a pipeline goes on with another image where one cannot be read."""
    return bool(_step(steps, 'LoadImageFromFile').get('ignore_empty'))


def has_annotations(steps: Steps) -> bool:
    """Whether a pipeline loads boxes."""
    names = {type_name(part) for _, part in dicts_in(list(steps))}
    return any('Annotations' in name and 'Filter' not in name for name in names)


def packed_keys(steps: Steps) -> Sequence[str]:
    """The ``meta_keys`` of a pipeline's PackDetInputs."""
    keys: Sequence[str] = _step(steps, 'PackDetInputs').get('meta_keys', _DEFAULT_KEYS)
    return keys


def check_training_steps(columns: CocoColumns, handed_on: BoolArray, steps: Steps, reader: Reader) -> Iterator[Finding]:
    """Look at the pipeline of a training set.

    Args:
        columns: Its file.
        handed_on: Shape [A]: which annotations the data set hands on.
        steps: The pipeline.
        reader: Which class reads the file.
    """
    if steps and not has_annotations(steps):
        names = ', '.join(type_name(step) for step in steps)
        yield Finding(NO_ANNOTATIONS, columns.source, 1, names, NO_ANNOTATIONS.fate)
    if _step(steps, 'LoadAnnotations').get('with_mask'):
        rows = [row for row in handed_on.nonzero()[0] if not columns.annotations[row].get('segmentation')]
        yield from columns.finding(NO_MASKS, columns.annotations, rows, 'segmentation', reader)


def check_testing_steps(source: str, steps: Steps) -> Iterator[Finding]:
    """Look at the pipeline of a validation or test set."""
    names = {type_name(part) for _, part in dicts_in(list(steps))}
    if 'PackDetInputs' not in names:
        return
    lacking = [key for key in _NEEDED if key not in packed_keys(steps)]
    if not any('Resize' in name or name == 'TestTimeAug' for name in names) and 'scale_factor' not in lacking:
        lacking.append('scale_factor')
    if lacking:
        yield Finding(NOT_PACKED, source, len(lacking), ', '.join(lacking), NOT_PACKED.fate)


def check_model(model: dict[str, Any] | None, classes: Sequence[str]) -> Iterator[Finding]:
    """Compare ``num_classes`` of the heads that give classes to boxes with the classes."""
    heads = [
        (path, part['num_classes'])
        for path, part in dicts_in(model or {}, 'model')
        if isinstance(part.get('num_classes'), int) and 'bbox_head' in path
    ]
    if wrong := [f'{path}.num_classes={number}' for path, number in heads if number != len(classes)]:
        first = f'{wrong[0]}, the data has {len(classes)} classes'
        yield Finding(NUM_CLASSES, 'model', len(wrong), first, NUM_CLASSES.fate)


def _step(steps: Steps, name: str) -> dict[str, Any]:
    """The settings of the first transform of a name; empty without."""
    return next((part for _, part in dicts_in(list(steps)) if type_name(part) == name), {})
