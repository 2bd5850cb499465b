"""Pictures of what detectors find and miss on the test images of a config."""

import copy
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS, RUNNERS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from tqdm import tqdm

from nwd_mmdet.analysis.detection_outcomes import Outcome, outcomes
from nwd_mmdet.analysis.figures.outcomes import draw_outcomes
from nwd_mmdet.datasets.annotation_files import read_json
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.launch import check_checkpoint
from nwd_mmdet.literal_config import literal_config

#: Title of a detector → image id → outcome.
ByDetector: TypeAlias = Mapping[str, Mapping[Hashable, Outcome]]

_WRITING_METRICS = ('AITODMetric', 'VisDroneMetric', 'COCOBoxMetric', 'CocoMetric')


@dataclass(frozen=True)
class AnnotatedImage:
    """An image of a data set.

    Attributes:
        index: Its position in the data set.
        img_id: Its id in the annotations.
        path: Its file.
        name: Name of the file, with its folders inside the image folder.
    """

    index: int
    img_id: Hashable
    path: Path
    name: str


@dataclass(frozen=True)
class AnnotatedImages:
    """The test set of a config.

    Attributes:
        ann_file: Its annotation file.
        images: Its images, in the data set's order.
        objects: Their objects.
    """

    ann_file: str
    images: list[AnnotatedImage]
    objects: GroundTruth

    @classmethod
    def of(cls, cfg: Config) -> 'AnnotatedImages':
        """Read the test set of a config that :func:`~nwd_mmdet.config.load_config` returns.

        Raises:
            ValueError: It is not of COCO's format.
            FileNotFoundError: Its annotation file does not exist.
        """
        init_default_scope(cfg.default_scope)
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        if not isinstance(dataset, CocoDataset):
            found = type(dataset).__name__
            raise ValueError(f'test_dataloader.dataset is a {found}; it must be of COCO format, unwrapped')
        images = []
        for index, info in enumerate(map(dataset.get_data_info, range(len(dataset)))):
            path = Path(info['img_path'])
            name = str(path.relative_to(dataset.data_prefix['img']))
            images.append(AnnotatedImage(index, info['img_id'], path, name))
        objects = GroundTruth.from_coco(read_json(dataset.ann_file), dataset.ann_file)
        return cls(dataset.ann_file, images, objects.with_classes(dataset.metainfo['classes']))

    def named(self, names: Sequence[str]) -> list[AnnotatedImage]:
        """The images of these names.

        Raises:
            ValueError: There is no image of a name.
        """
        by_name = {image.name: image for image in self.images}
        if unknown := [name for name in names if name not in by_name]:
            raise ValueError(
                f'--images {", ".join(unknown)}: no such image in {self.ann_file}; its names are like '
                f'{", ".join(list(by_name)[:3])}'
            )
        return [by_name[name] for name in names]

    def outcomes(self, results: Path, score_thr: float, iou_thr: float) -> dict[Hashable, Outcome]:
        """Image id → outcome of the detections in a file; see :func:`~nwd_mmdet.analysis.detection_outcomes.outcomes`.

        Raises:
            ValueError: The file holds no detections in COCO's result format, or on other images or classes.
            FileNotFoundError: No such file.
        """
        detections = Detections.from_coco(read_json(results), self.objects, str(results))
        return outcomes(self.objects, detections, score_thr, iou_thr)


def by_title(results: Sequence[Path]) -> dict[str, Path]:
    """Files with detections, each by a title of its own, from its name."""
    return dict(zip(_numbered([path.name.removesuffix('.json').removesuffix('.bbox') for path in results]), results))


def _numbered(names: list[str]) -> list[str]:
    """The names, with numbers before them where two are the same, as from several folders."""
    return names if len(set(names)) == len(names) else [f'{number}_{name}' for number, name in enumerate(names, 1)]


def run_detectors(
    cfg: Config, checkpoints: Sequence[str], images: Sequence[AnnotatedImage], out_dir: Path, options: dict | None
) -> list[Path]:
    """Run detectors on images of the test set; return the files with their detections, in COCO's format.

    Args:
        cfg: Its test set and evaluator are used; model and pipeline only where a checkpoint carries no config.
        checkpoints: Files or URLs.
        images: What to run them on.
        out_dir: Folder for the detections; the files are named after the checkpoints.
        options: Settings that replace those of the configs in the checkpoints, as in ``load_config``.

    Raises:
        ValueError: The evaluator cannot write detections; a checkpoint's config that is more than settings.
        FileNotFoundError: A checkpoint that does not exist.
    """
    if not isinstance(cfg.test_evaluator, dict) or cfg.test_evaluator['type'] not in _WRITING_METRICS:
        raise ValueError(
            f'test_evaluator must be one of {", ".join(_WRITING_METRICS)}: they write detections to a file'
        )
    for checkpoint in checkpoints:
        check_checkpoint(checkpoint)
    names = _numbered([f'{Path(path).parent.name}_{Path(path).stem}'.lstrip('_') for path in checkpoints])
    for name, checkpoint in zip(names, checkpoints):
        run = copy.deepcopy(cfg)
        if saved := CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu').get('meta', {}).get('cfg'):
            trained = literal_config(saved, checkpoint)
            trained.merge_from_dict(options or {})
            run.model, run.test_dataloader.dataset.pipeline = trained.model, trained.test_dataloader.dataset.pipeline
        run.test_dataloader.dataset.indices = [image.index for image in images]
        run.load_from, run.work_dir = checkpoint, str(out_dir / 'logs')
        run.test_evaluator.update(format_only=True, outfile_prefix=str(out_dir / name))
        RUNNERS.build(run).test()
    return [out_dir / f'{name}.bbox.json' for name in names]


def most_missed_first(images: Iterable[AnnotatedImage], detectors: ByDetector) -> list[AnnotatedImage]:
    """The images in descending number of objects that the detectors miss."""
    return sorted(images, key=lambda image: -sum(len(part[image.img_id].missed) for part in detectors.values()))


def draw_detections(images: Sequence[AnnotatedImage], detectors: ByDetector, out_dir: Path) -> None:
    """Write one PNG per image, with a panel for each detector; see :func:`~.figures.outcomes.draw_outcomes`.

    Args:
        images: What to draw.
        detectors: What became of their detections.
        out_dir: Folder for the pictures, which are named as the images.

    Raises:
        FileNotFoundError: An image that does not exist or cannot be read.
        ValueError: A picture would lie outside the folder, or take the place of an image.
    """
    paths = _picture_paths(images, out_dir)
    for image, path in zip(tqdm(images, 'pictures', unit='img', delay=2), paths):
        pixels = cv2.imread(str(image.path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise FileNotFoundError(f'no image {image.path.absolute()}, or not one that OpenCV reads')
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw_outcomes(pixels, {t: part[image.img_id] for t, part in detectors.items()}))


def _picture_paths(images: Sequence[AnnotatedImage], out_dir: Path) -> list[Path]:
    """A file for each picture, none of which is one of the images, nor outside the folder."""
    names = [Path(image.name).with_suffix('.png') for image in images]
    doubled = {name for name, count in Counter(names).items() if count > 1}  # a.jpg beside a.png
    paths = [out_dir / (Path(f'{image.name}.png') if name in doubled else name) for image, name in zip(images, names)]
    sources = {image.path.resolve() for image in images}
    for path in paths:
        if not path.resolve().is_relative_to(out_dir.resolve()):
            raise ValueError(f'the picture {path} would lie outside {out_dir}: the data set names a file with ..')
        if path.resolve() in sources:
            raise ValueError(f'the picture {path} would replace the image: give --out another folder')
    return paths
