"""The data sets of a config or a list of files, read for checking, and the checks that each gets by itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS

from nwd_mmdet.datasets.annotation_files import find_annotations, read_json
from nwd_mmdet.datasets.checks import classes as class_checks
from nwd_mmdet.datasets.checks.annotations import check_annotations
from nwd_mmdet.datasets.checks.boxes import handed_on
from nwd_mmdet.datasets.checks.columns import BoolArray, CocoColumns
from nwd_mmdet.datasets.checks.findings import Finding, Reader, SetSize
from nwd_mmdet.datasets.checks.image_files import SKIPPED, best_folder, check_missing, image_folders
from nwd_mmdet.datasets.checks.pipelines import check_testing_steps, check_training_steps, skips_unreadable
from nwd_mmdet.datasets.checks.splits import NamedFile
from nwd_mmdet.datasets.coco_dataset import CheckedCocoDataset

ReadColumns = Callable[[Path], CocoColumns]


@dataclass(frozen=True)
class DataSet:
    """One annotation file with what reads it.

    Attributes:
        role: ``'train'``, ``'val'``, ``'test'``, ``'val and test'``, or ``''`` for a file without a config.
        columns: What is in the file.
        reader: The class that reads it.
        classes: Those of the config, or of the file without one; a text where the config has one.
        folder: Where the images are; None where it is not known.
        steps: The pipeline.
        filter_cfg: What leaves images out in training.
    """

    role: str
    columns: CocoColumns
    reader: Reader
    classes: Sequence[str]
    folder: Path | None
    steps: list[dict[str, Any]] = field(default_factory=list)
    filter_cfg: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The annotation file."""
        return self.columns.source

    @cached_property
    def handed_on(self) -> BoolArray:
        """Shape [A]: which annotations it makes instances of."""
        return handed_on(self.columns, self.classes, self.reader)

    @cached_property
    def listed(self) -> list[tuple[Path, tuple[float, float]]]:
        """File of every image, and its width and height as annotated."""
        folder = self.folder or Path()
        sizes = self.columns.sizes.tolist()
        rows = [(i.get('file_name'), size) for i, size in zip(self.columns.images, sizes)]
        return [(folder / name, (size[0], size[1])) for name, size in rows if isinstance(name, str)]

    @property
    def named_files(self) -> list[NamedFile]:
        """File name of every image as it is listed, and its file where the folder is known."""
        return [(name, None if self.folder is None else self.folder / name) for name in self.columns.file_names]

    @property
    def labels(self) -> list[str]:
        """Name of the category that each label means."""
        return class_checks.labels_of(self.columns, self.classes, self.reader)

    def check(self) -> Iterator[Finding]:
        """Look at the annotations, at the pipeline, and for the files."""
        columns, reader = self.columns, self.reader
        yield from check_annotations(columns, self.classes, reader)
        yield from class_checks.check_objects(columns, self.handed_on, reader)
        if self.role == 'train':
            yield from self._check_filter()
            yield from check_training_steps(columns, self.handed_on, self.steps, reader)
        elif self.role:
            yield from check_testing_steps(self.source, self.steps)
        if self.folder is not None:
            names = columns.file_names
            missing = best_folder([self.folder], names)[1]
            fate = SKIPPED if self.role == 'train' and skips_unreadable(self.steps) else None
            yield from check_missing(self.source, self.folder, missing, fate)

    @cached_property
    def _filtered(self) -> tuple[BoolArray, BoolArray]:
        """Images that ``filter_cfg`` leaves out, as empty and as small."""
        empty_too, min_size = self.filter_cfg.get('filter_empty_gt', False), self.filter_cfg.get('min_size', 0)
        return class_checks.filtered(self.columns, self.classes, empty_too, min_size)

    def _check_filter(self) -> Iterator[Finding]:
        images, reader = self.columns.images, self.reader
        empty, small = self._filtered
        yield from self.columns.finding(class_checks.FILTERED_EMPTY, images, empty, 'id', reader)
        yield from self.columns.finding(class_checks.FILTERED_SMALL, images, small, 'width', reader)
        size = self.size()
        learned = self.handed_on & ~self.columns.crowd & ~self.columns.ignore
        if not size.images_used or not learned.any():
            check = class_checks.NOTHING_LEFT
            yield Finding(check, self.source, 1, str(size), check.fate)

    def size(self) -> SetSize:
        """What training or evaluation gets of it."""
        empty, small = self._filtered
        out = empty | small
        used = self.handed_on & ~out[self.columns.image] if len(out) else self.handed_on
        name = f'{self.role}: {self.source}' if self.role else self.source
        return SetSize(name, len(out), int((~out).sum()), len(self.columns.annotations), int(used.sum()))


def read_columns(path: Path) -> CocoColumns:
    """Read a COCO annotation file for checking.

    Raises:
        FileNotFoundError: No such file.
        ValueError: No JSON, or no COCO data set.
    """
    return CocoColumns.of(read_json(path), str(path))


def of_settings(settings: dict[str, Any], steps: list[dict[str, Any]], role: str, read: ReadColumns) -> DataSet:
    """Read a data set of a config, without its wrappers.

    Args:
        settings: Of the data set.
        steps: Its pipeline, with what the wrappers add.
        role: ``'train'``, ``'val'`` or ``'test'``.
        read: Reads an annotation file.

    Raises:
        FileNotFoundError: No annotation file.
        ValueError: One that is no COCO data set.
    """
    dataset = DATASETS.build({**settings, 'pipeline': [], 'lazy_init': True})
    local = getattr(dataset, 'backend_args', None) is None
    classes = dataset.metainfo.get('classes', ())
    filter_cfg = dict(dataset.filter_cfg or {}) if role == 'train' and not dataset.test_mode else {}
    if isinstance(dataset, CheckedCocoDataset):
        reader = Reader.CHECKED
    elif isinstance(dataset, CocoDataset) and type(dataset).load_data_list is CocoDataset.load_data_list:
        reader = Reader.COCO
    else:
        return DataSet(role, _loaded(dataset), Reader.OTHER, classes, Path() if local else None, steps, {})
    path = Path(dataset.ann_file)
    columns = read(find_annotations(path) if local else path)
    folder = Path(dataset.data_prefix.get('img', '')) if local else None
    if folder is not None and reader is Reader.CHECKED:
        folder = best_folder(image_folders(folder), columns.file_names)[0]
    return DataSet(role, columns, reader, classes, folder, steps, filter_cfg)


def of_file(path: Path, images: Path | None, read: ReadColumns) -> DataSet:
    """Read an annotation file without a config.

    Args:
        path: The file.
        images: Folder of the images, or one that has them in ``images/`` or a folder named as the file; None looks
            around the file, and leaves the folder open where there are none.
        read: Reads an annotation file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: No COCO data set.
    """
    columns, stem = read(path), path.stem
    if images is not None:
        folder: Path | None = best_folder([*image_folders(images), images / stem], columns.file_names)[0]
    else:
        near = [*image_folders(path.parent), path.parent / stem, *image_folders(path.parent.parent / stem)]
        folder, missing = best_folder([*near, path.parent.parent / 'images'], columns.file_names)
        if len(missing) == len(columns.images):
            folder = None
    return DataSet('', columns, Reader.UNKNOWN, columns.names, folder)


def _loaded(dataset: Any) -> CocoColumns:
    """What a data set of another class hands on, written as COCO has it."""
    dataset.full_init()
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    images = [
        {'id': i['img_id'], 'file_name': i['img_path'], 'width': i.get('width'), 'height': i.get('height')}
        for i in infos
    ]
    annotations: list[dict[str, Any]] = []
    for info in infos:
        for instance in info.get('instances', []):
            x1, y1, x2, y2 = instance['bbox']
            box = {'bbox': [x1, y1, x2 - x1, y2 - y1], 'area': (x2 - x1) * (y2 - y1), 'image_id': info['img_id']}
            ids = {'id': len(annotations) + 1, 'category_id': instance['bbox_label']}
            annotations.append({**ids, **box, 'iscrowd': int(instance.get('ignore_flag', 0))})
    categories = [{'id': label, 'name': name} for label, name in enumerate(dataset.metainfo.get('classes', ()))]
    content = {'images': images, 'annotations': annotations, 'categories': categories}
    return CocoColumns.of(content, str(dataset.ann_file))
