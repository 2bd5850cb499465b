"""Measure the imbalance of a data set, of a detector's samples on it, and of a trained model: all parts of a report."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from mmdet.apis import init_detector
from mmdet.models.detectors import BaseDetector
from mmdet.registry import DATA_SAMPLERS, DATASETS, METRICS
from mmengine.config import Config
from mmengine.dataset import ConcatDataset as BaseConcatDataset
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import BatchSampler, DataLoader
from tqdm import tqdm

from nwd_mmdet.analysis.imbalance.batch_statistics import classes_per_batch
from nwd_mmdet.analysis.imbalance.dataset_statistics import images_of, statistics_of_images
from nwd_mmdet.analysis.imbalance.detectors import Detector, MeasuredDetector, Numbers
from nwd_mmdet.analysis.imbalance.loss_curves import curves_of_model
from nwd_mmdet.analysis.imbalance.prior_samples import FirstStage
from nwd_mmdet.analysis.imbalance.prior_statistics import PriorStatistics
from nwd_mmdet.analysis.imbalance.task_balance import pace, read_losses
from nwd_mmdet.analysis.imbalance.trained_statistics import TrainedStatistics
from nwd_mmdet.datasets.input_boxes import InputBoxes, build_leaf, leaves
from nwd_mmdet.evaluation import evaluate

_MAX_IMAGES = 200  # that an assigner or a model is run on, by default


def measure(
    detector: Detector, cfg: Config, split: str = 'train', max_images: int | None = None
) -> Iterator[MeasuredDetector]:
    """Measure one detector, part by part: every one that is yielded has what the one before it has, and more.

    So the last one is what was measured, also where Ctrl-C ended it.

    Args:
        detector: Without a checkpoint, nothing that needs one is measured.
        cfg: Config of the detector and its data.
        split: Whose annotations are read. Priors and the model always get training images, AP validation images.
        max_images: Images that the assigner and the model are run on; None for 200 of each set.

    Raises:
        ValueError: As the parts.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    for data in data_parts(cfg, split):
        measured = MeasuredDetector(**vars(detector), data=data)
        yield measured
    for name, numbers in _further_parts(cfg, detector.checkpoint, split, max_images or _MAX_IMAGES):
        measured = measured.with_part(name, numbers)
        yield measured


def _further_parts(
    cfg: Config, checkpoint: str | None, split: str, max_images: int
) -> Iterator[tuple[str, Numbers | None]]:
    """Name in :class:`MeasuredDetector` and numbers; those that grow come again and again."""
    yield 'batches', batch_part(cfg, split)
    yield 'regression_loss', curves_of_model(cfg)
    for numbers in prior_parts(cfg, max_images):
        yield 'priors', numbers
    if checkpoint is None:
        return
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = init_detector(copy.deepcopy(cfg), checkpoint, device=device)
    for numbers in trained_parts(cfg, model, max_images):
        yield 'trained', numbers
    yield 'evaluation', evaluation_part(cfg, model, max_images)
    yield 'log', log_part(Path(checkpoint).parent)


def data_parts(cfg: Config, split: str) -> Iterator[Numbers]:
    """Statistics of the annotations of a split: those so far, every few hundred images.

    Args:
        cfg: With ``{split}_dataloader``.
        split: ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        ValueError: The config has no such data loader; sets with other classes than the first.
    """
    settings = (cfg.get(f'{split}_dataloader') or {}).get('dataset')
    if settings is None:
        raise ValueError(f'--split {split}: the config has no {split}_dataloader.dataset; choose another split')
    sets = [build_leaf(leaf) for leaf, _ in leaves(settings)]
    classes = tuple(sets[0].metainfo['classes'])
    if any(tuple(part.metainfo['classes']) != classes for part in sets):
        raise ValueError('the data sets of the config differ in their classes')
    images = (image for part in sets for image in tqdm(images_of(part), 'annotations', len(part), unit='img', delay=2))
    for statistics in statistics_of_images(images, classes):
        yield statistics.as_dict()


def batch_part(cfg: Config, split: str, seed: int = 0) -> Numbers | None:
    """Classes in the batches of one epoch, as the data loader's sampler draws them; None without a sampler."""
    loader = cfg.get(f'{split}_dataloader') or {}
    if not loader.get('sampler') or not loader.get('batch_size'):
        return None
    dataset = _tree(loader['dataset'])
    labels = [image.labels for image in images_of(dataset)]
    sampler = DATA_SAMPLERS.build({**loader['sampler'], 'dataset': dataset, 'seed': seed})
    batch_sampler = loader.get('batch_sampler')
    if batch_sampler:
        batches = DATA_SAMPLERS.build({**batch_sampler, 'sampler': sampler, 'batch_size': loader['batch_size']})
    else:
        batches = BatchSampler(sampler, loader['batch_size'], drop_last=False)
    found = classes_per_batch(labels, batches, len(dataset.metainfo['classes']))
    return {'batch_size': loader['batch_size'], **found.as_dict()}


def _tree(settings: dict[str, Any]) -> Any:
    """The data set with its wrappers and without pipelines, as far as they decide which images a sampler draws."""
    settings = copy.deepcopy(settings)
    if 'dataset' in settings:
        inner = _tree(settings['dataset'])
        if settings['type'] == 'MultiImageMixDataset':
            return inner
        return DATASETS.build({**settings, 'dataset': inner})
    if 'datasets' in settings:
        parts = [_tree(part) for part in settings['datasets']]
        return BaseConcatDataset(parts, ignore_keys=settings.get('ignore_keys'))
    return build_leaf(settings)


def prior_parts(cfg: Config, max_images: int) -> Iterator[Numbers]:
    """What the detector's first stage trains on: the statistics so far, every few images.

    A detector whose priors are not known gives one part with ``absent``, the reason.

    Args:
        cfg: With ``model`` and ``train_dataloader``; the images are not read.
        max_images: The first so many images are taken.
    """
    try:
        stage = FirstStage(cfg)
        boxes = InputBoxes.from_config(cfg, max_images)
    except ValueError as error:
        yield {'absent': str(error)}
        return
    torch.manual_seed(0)  # samplers draw
    statistics = PriorStatistics(stage.levels, len(boxes.classes))
    for index, image in enumerate(tqdm(boxes.images, 'priors', unit='img', delay=2), 1):
        statistics.add(stage.sample(image), image)
        if index % 10 == 0 or index == len(boxes.images):
            yield {'stage': stage.name, **statistics.as_dict()}


def trained_parts(cfg: Config, model: BaseDetector, max_images: int) -> Iterator[Numbers]:
    """What the model makes of the first training batches: the statistics so far, after every batch.

    Args:
        cfg: With ``train_dataloader``.
        model: With its weights, on its device.
        max_images: About as many images are taken: whole batches.
    """
    loader = _loader(cfg.train_dataloader)
    statistics = TrainedStatistics(model)
    with tqdm(total=min(max_images, _length(loader)), desc='losses', unit='img', delay=2) as progress:
        for batch in loader:
            data = model.data_preprocessor(batch, training=True)
            statistics.add(data['inputs'], data['data_samples'])
            progress.update(len(data['data_samples']))
            yield statistics.as_dict()
            if statistics.images >= max_images:
                break


def _loader(settings: Config) -> DataLoader:
    """A data loader of the config, the same in every run, in few processes."""
    settings = copy.deepcopy(settings)
    settings.update(num_workers=min(settings.get('num_workers', 0), 2), persistent_workers=False)
    return Runner.build_dataloader(settings, seed=0)


def _length(loader: DataLoader) -> int:
    return len(loader.dataset)  # type: ignore[arg-type]


@torch.no_grad()
def evaluation_part(cfg: Config, model: BaseDetector, max_images: int) -> Numbers | None:
    """AP of each class, AP and AR by size, on the first images of the validation set, by AI-TOD's protocol.

    None where the config has no validation set with annotations in its pipeline.
    """
    loader_cfg = copy.deepcopy(cfg.get('val_dataloader'))
    steps = (loader_cfg or {}).get('dataset', {}).get('pipeline', [])
    if not any(step['type'] == 'LoadAnnotations' for step in steps) or steps[-1]['type'] != 'PackDetInputs':
        return None
    keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
    steps[-1]['meta_keys'] = (*steps[-1].get('meta_keys', keys), 'instances')
    loader = _loader(loader_cfg)
    metric = METRICS.build(dict(type='AITODMetric'))
    metric.dataset_meta = loader.dataset.metainfo  # type: ignore[attr-defined]
    model.eval()
    images = 0
    with tqdm(total=min(max_images, _length(loader)), desc='detections', unit='img', delay=2) as progress:
        for batch in loader:
            samples = model.val_step(batch)
            metric.process(batch, [sample.to_dict() for sample in samples])
            images += len(samples)
            progress.update(len(samples))
            if images >= max_images:
                break
    gt, dt = metric.arrays(metric.results)
    return {'images': images, **evaluate(gt, dt, 'aitod').to_json()}


def log_part(work_dir: Path) -> Numbers | None:
    """Losses of the longest training in a work folder over its steps, and their pace; None without a log."""
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_size)
    losses = read_losses(logs[-1]) if logs else {}
    return {'losses': losses, 'pace': pace(losses)} if losses else None
