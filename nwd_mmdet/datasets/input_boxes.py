"""The objects of a training set in network-input pixels, from the annotations alone: no image is read."""

import copy
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmcv
import torch
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from torch import Tensor
from tqdm import tqdm

from nwd_mmdet.datasets.annotation_files import find_annotations, read_coco, read_json
from nwd_mmdet.datasets.checks.annotations import BadAnnotations, refuse_or_tell
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.findings import Reader
from nwd_mmdet.datasets.pipeline_boxes import PIXEL_TRANSFORMS, BlankImages, drawn
from nwd_mmdet.settings import type_name

Settings = dict[str, Any]  # of a data set or a transform, as a config has them

# Transforms whose effect on the objects' sizes is known without running them: none, or that of a resize.
_KNOWN = {
    *('LoadImageFromFile', 'LoadAnnotations', 'LoadProposals', 'FilterAnnotations', 'RandomFlip', 'Pad'),
    *('Resize', 'RandomResize', 'RandomChoiceResize'),
    *PIXEL_TRANSFORMS,
}
_MAX_DRAWN = 500  # images run through a pipeline: the mean size of some 5,000 objects is known to about 1 %


@dataclass(frozen=True)
class ImageBoxes:
    """The objects of one image after the resize of the training pipeline.

    Attributes:
        shape: Height and width of the resized image in px, before padding.
        boxes: Shape [K, 4], float32, xyxy in network-input px, cut at the border of the image.
        labels: Shape [K], int64.
        original_sizes: Shape [K], float32: √(wh) in px of the original image, before the box is cut.
        ignored: Shape [I, 4]: the regions to ignore, as ``boxes``.
    """

    shape: tuple[int, int]
    boxes: Tensor
    labels: Tensor
    original_sizes: Tensor
    ignored: Tensor

    @property
    def sizes(self) -> Tensor:
        """Absolute sizes √(wh) in network-input px, shape [K]."""
        return (self.boxes[:, 2:] - self.boxes[:, :2]).prod(1).sqrt()


@dataclass(frozen=True)
class InputBoxes:
    """A training set in network-input pixels.

    Attributes:
        images: One entry per image, images without objects included where the data set keeps them.
        classes: Names of the classes, by label.
    """

    images: list[ImageBoxes]
    classes: tuple[str, ...]

    @classmethod
    def from_config(cls, cfg: Config, max_images: int | None = None) -> 'InputBoxes':
        """Read the training set of a config.

        Data sets inside RepeatDataset, ClassBalancedDataset, ConcatDataset and MultiImageMixDataset are read once each,
        filtered by their ``filter_cfg``. Where resizes alone change sizes, every object is counted once: Resize is
        taken as it is, RandomResize and RandomChoiceResize with the mean of their scales, as sizes grow linearly with
        the scale. With any other transform (mosaics, crops, random choices, affine maps) images are drawn through the
        pipeline itself, 500 at most, always the same, on blank pixels.

        Args:
            cfg: With ``train_dataloader``.
            max_images: Stop after so many images; None reads all.

        Raises:
            ValueError: No ``train_dataloader``, or an annotation file without sizes of images or areas of boxes.
            FileNotFoundError: An annotation file that does not exist.
        """
        if 'dataset' not in cfg.get('train_dataloader', {}):
            raise ValueError('the config has no train_dataloader.dataset: give a config that can be trained')
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        if changing := _changing_transforms(cfg.train_dataloader.dataset):
            try:
                return cls._drawn(cfg.train_dataloader.dataset, changing, max_images)
            except (BadAnnotations, FileNotFoundError):
                raise
            except Exception as error:  # of anybody's transform, which may want what is not there without an image
                _warn(
                    f'the pipeline cannot be run without images ({type(error).__name__}: {error}), so sizes are '
                    f'computed as if {", ".join(changing)} did not change them'
                )
        images: list[ImageBoxes] = []
        classes: tuple[str, ...] = ()
        for settings, steps in leaves(cfg.train_dataloader.dataset):
            dataset = build_leaf(settings)
            pipeline = [*settings.get('pipeline', []), *steps]
            classes = classes or tuple(dataset.metainfo['classes'])
            count = len(dataset) if max_images is None else min(len(dataset), max_images - len(images))
            for index in tqdm(range(count), 'boxes', unit='img', delay=2):
                images.append(_resized(dataset.get_data_info(index), pipeline))
        return cls(images, classes)

    @classmethod
    def _drawn(cls, settings: Settings, changing: Sequence[str], max_images: int | None) -> 'InputBoxes':
        blank = BlankImages()
        dataset = _build_with(blank, settings)
        count = min(len(dataset), max_images or _MAX_DRAWN, _MAX_DRAWN)
        images = []
        for found in tqdm(drawn(dataset, count, blank.objects), 'boxes', count, unit='img', delay=2):
            own, boxes = ~found.ignored, found.boxes
            images.append(
                ImageBoxes(found.shape, boxes[own], found.labels[own], found.original_sizes[own], boxes[~own])
            )
        print_log(
            f'train_dataloader: sizes are those of {count:,} of {len(dataset):,} images, drawn through the pipeline '
            f'because of {", ".join(changing)}',
            logger='current',
        )
        return cls(images, tuple(dataset.metainfo['classes']))

    @classmethod
    def from_json(
        cls, path: str | Path, scale: Sequence[int] | None = None, max_images: int | None = None
    ) -> 'InputBoxes':
        """Read a COCO annotation file.

        Args:
            path: The file.
            scale: Width and height that images are resized into, aspect ratio kept; None leaves them.
            max_images: Stop after so many images; None reads all.

        Raises:
            ValueError: No COCO annotations, or without sizes of images or areas of boxes.
            FileNotFoundError: No such file.
        """
        categories = read_coco(path)['categories']
        steps = [] if scale is None else [dict(type='Resize', scale=tuple(scale), keep_ratio=True)]
        dataset = dict(
            type='CocoDataset',
            ann_file=str(path),
            metainfo=dict(classes=tuple(str(category['name']) for category in categories)),
            pipeline=steps,
        )
        return cls.from_config(Config(dict(train_dataloader=dict(dataset=dataset))), max_images)


def leaves(settings: Settings, steps: Sequence[Settings] = ()) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The data sets inside wrappers, each with the transforms that the wrappers add to its own."""
    if 'dataset' in settings:
        yield from leaves(settings['dataset'], [*settings.get('pipeline', []), *steps])
    elif 'datasets' in settings:
        for part in settings['datasets']:
            yield from leaves(part, steps)
    else:
        yield settings, list(steps)


def build_leaf(settings: Settings, pipeline: Sequence[Any] = ()) -> Any:
    """The data set, loaded without a look at its images, with another pipeline than its own.

    What CocoDataset leaves out without a word is told.

    Raises:
        FileNotFoundError: An annotation file that does not exist.
        BadAnnotations: One that training could not load, or would not load as it is meant.
    """
    settings = {'data_prefix': {'img': ''}, **copy.deepcopy(settings), 'pipeline': list(pipeline), 'lazy_init': True}
    dataset = DATASETS.build(settings)
    if isinstance(dataset, CocoDataset) and dataset.backend_args is None:
        dataset.ann_file = str(find_annotations(dataset.ann_file))
        dataset.backend_args = {'backend': 'local'}  # with a storage named, images are not looked for
        if type(dataset).load_data_list is CocoDataset.load_data_list:
            columns = CocoColumns.of(read_json(dataset.ann_file), dataset.ann_file)
            refuse_or_tell(columns, dataset.metainfo['classes'], Reader.COCO)
    dataset.full_init()
    return dataset


def _build_with(blank: BlankImages, settings: Settings) -> Any:
    """A data set with all its wrappers and pipelines, on blank images."""
    if 'dataset' not in settings and 'datasets' not in settings:
        return build_leaf({**settings, 'pipeline': []}, blank.replaced_in(settings.get('pipeline', [])))
    wrapper = {key: value for key, value in settings.items() if key not in ('dataset', 'datasets')}
    wrapper = {**wrapper, **blank.replaced_in({key: wrapper[key] for key in ('pipeline',) if key in wrapper})}
    if 'dataset' in settings:
        wrapper['dataset'] = _build_with(blank, settings['dataset'])
    else:
        wrapper['datasets'] = [_build_with(blank, part) for part in settings['datasets']]
    return DATASETS.build(wrapper)


def _changing_transforms(settings: Settings) -> list[str]:
    """Names of the transforms that a data set has to be run through to know the sizes of its objects."""
    pipelines = [[*leaf.get('pipeline', []), *steps] for leaf, steps in leaves(settings)]
    names = [type_name(step) for pipeline in pipelines for step in pipeline if not _is_known(step)]
    return list(dict.fromkeys(names))


def _is_known(step: Settings) -> bool:
    smallest = step.get('min_gt_bbox_wh', (1, 1))  # of FilterAnnotations; data sets leave out less themselves
    return type_name(step) in _KNOWN and max(smallest) <= 1


def _warn(message: str) -> None:
    print_log(f'train_dataloader: {message}', logger='current', level=logging.WARNING)


def _resized(info: dict[str, Any], pipeline: Sequence[Settings]) -> ImageBoxes:
    """One image of a data set, as the pipeline resizes it."""
    width, height = original = (info['width'], info['height'])
    for step in pipeline:
        width, height = _apply(step, (width, height))
    instances = info['instances']
    boxes = torch.tensor([instance['bbox'] for instance in instances], dtype=torch.float32).reshape(-1, 4)
    original_sizes = (boxes[:, 2:] - boxes[:, :2]).prod(1).sqrt()
    labels = torch.tensor([instance['bbox_label'] for instance in instances], dtype=torch.long)
    ignored = torch.tensor([bool(instance['ignore_flag']) for instance in instances], dtype=torch.bool)
    boxes = boxes * boxes.new_tensor([width / original[0], height / original[1]]).repeat(2)
    boxes = boxes.clamp(min=0).minimum(boxes.new_tensor([width, height, width, height]))
    return ImageBoxes((height, width), boxes[~ignored], labels[~ignored], original_sizes[~ignored], boxes[ignored])


def _apply(step: Settings, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of an image after a transform, by mmcv's rules."""
    name = type_name(step)
    if name == 'Resize':
        scale = step.get('scale')
        if scale is None:
            factors = step['scale_factor']
            factors = (factors, factors) if isinstance(factors, float) else factors
            scale = tuple(int(side * factor + 0.5) for side, factor in zip(size, factors))
    elif name == 'RandomResize':
        low, high = step.get('ratio_range') or (1.0, 1.0)
        scale = step['scale']
        scale = _mean_scale(scale) if isinstance(scale[0], Sequence) else scale
        scale = tuple(int(side * (low + high) / 2) for side in scale)
    elif name == 'RandomChoiceResize':
        scale = _mean_scale(step['scales'])
    else:
        return size
    scale = (scale, scale) if isinstance(scale, int) else tuple(scale)
    return mmcv.rescale_size(size, scale) if step.get('keep_ratio', False) else scale


def _mean_scale(scales: Sequence[int | Sequence[int]]) -> tuple[int, int]:
    pairs = [(scale, scale) if isinstance(scale, int) else scale for scale in scales]
    width, height = (round(sum(sides) / len(pairs)) for sides in zip(*pairs))
    return width, height
