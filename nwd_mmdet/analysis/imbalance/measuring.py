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
from nwd_mmdet.analysis.imbalance.dataset_statistics import ImageObjects, images_of, statistics_of_images
from nwd_mmdet.analysis.imbalance.loss_curves import curves_of_model
from nwd_mmdet.analysis.imbalance.prior_samples import FirstStage
from nwd_mmdet.analysis.imbalance.prior_statistics import PriorStatistics
from nwd_mmdet.analysis.imbalance.task_balance import pace, read_losses
from nwd_mmdet.analysis.imbalance.trained_statistics import TrainedStatistics
from nwd_mmdet.datasets.input_boxes import InputBoxes, build_leaf, leaves
from nwd_mmdet.evaluation import evaluate

_LOOKED_AT = 200  # images that an assigner or a model is run on, if not told otherwise


def measure(
    subject: dict[str, Any],
    cfg: Config,
    checkpoint: str | None = None,
    split: str = 'train',
    max_images: int | None = None,
) -> None:
    """Measure one detector, part by part, so that an interrupt leaves those that are done.

    Args:
        subject: Filled in place: ``images``, ``objects``, ``looked_at`` and the parts ``data``, ``batches``,
            ``regression_loss``, ``priors`` and, with a checkpoint, ``trained``, ``evaluation`` and ``log``.
        cfg: Config of the detector and its data.
        checkpoint: Its weights; without, nothing that needs them is measured.
        split: Whose annotations are read. Priors and the model always get training images, AP validation images.
        max_images: Images that the assigner and the model are run on; None for 200 of each set.

    Raises:
        ValueError: As the parts.
        KeyboardInterrupt: Ctrl-C; the parts that are done are in ``subject``.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    subject['data'], complete = data_part(cfg, split)
    subject.update(images=subject['data']['images'], objects=subject['data']['objects'], looked_at=0)
    if not complete:
        raise KeyboardInterrupt
    subject['batches'] = batch_part(cfg, split)
    subject['regression_loss'] = curves_of_model(cfg)
    for part in prior_parts(cfg, max_images or _LOOKED_AT):
        subject['priors'], subject['looked_at'] = part, part.get('images', 0)
    if checkpoint is not None:
        count = max_images or _LOOKED_AT
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        model = init_detector(copy.deepcopy(cfg), checkpoint, device=device)
        for part in trained_parts(cfg, model, count):
            subject['trained'], subject['looked_at'] = part, part['images']
        subject['evaluation'] = evaluation_part(cfg, model, count)
        subject['log'] = log_part(Path(checkpoint).parent)


def data_part(cfg: Config, split: str) -> tuple[dict[str, Any], bool]:
    """Statistics of the annotations of a split, and whether all were read: Ctrl-C ends the reading.

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
    complete = True

    def images() -> Iterator[ImageObjects]:
        nonlocal complete
        try:
            for part in sets:
                yield from tqdm(images_of(part), 'annotations', len(part), unit='img', delay=2)
        except KeyboardInterrupt:
            complete = False

    return statistics_of_images(images(), classes).as_dict(), complete


def batch_part(cfg: Config, split: str, seed: int = 0) -> dict[str, Any] | None:
    """Classes in the batches of one epoch, as the data loader's sampler draws them; None without a sampler."""
    loader = cfg.get(f'{split}_dataloader') or {}
    if not loader.get('sampler') or not loader.get('batch_size'):
        return None
    dataset = _tree(loader['dataset'])
    labels = [image[3] for image in images_of(dataset)]
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


def prior_parts(cfg: Config, max_images: int) -> Iterator[dict[str, Any]]:
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


def trained_parts(cfg: Config, model: BaseDetector, max_images: int) -> Iterator[dict[str, Any]]:
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
def evaluation_part(cfg: Config, model: BaseDetector, max_images: int) -> dict[str, Any] | None:
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


def log_part(work_dir: Path) -> dict[str, Any] | None:
    """Losses of the longest training in a work folder over its steps, and their pace; None without a log."""
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_size)
    losses = read_losses(logs[-1]) if logs else {}
    return {'losses': losses, 'pace': pace(losses)} if losses else None
