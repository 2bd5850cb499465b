"""Any data set in COCO's format: its files found, its content checked on load."""

import contextlib
import copy
import functools
import io
import logging
import os
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS
from mmengine.fileio import get_local_path
from mmengine.logging import print_log

from nwd_mmdet.datasets.annotation_files import Source, find_annotations, help_for, listing, register_source


@DATASETS.register_module()
class CheckedCocoDataset(CocoDataset):
    """A data set in COCO's format, and the base of every published one.

    What it does beyond mmdet's CocoDataset:

    - An annotation file that is missing is looked for under its other names (``find_annotations``), images also in
      ``images/`` inside or around the image folder.
    - Labels follow the names of the classes, in the order of ``METAINFO``. CocoDataset numbers the classes in the
      order of the JSON file whatever their names.
    - Classes that are missing and ids that repeat raise; images without a file and sizes other than the published ones
      are reported.
    - Boxes are clipped to the image; those under 1 px wide or high are dropped and counted. Annotations marked
      ``ignore`` become ignored instances, as ``iscrowd`` ones do; CocoDataset drops them, so that a detector is
      punished for what they cover.

    Takes CocoDataset's arguments; ``metainfo=dict(classes=...)`` names the classes. A set that is loaded more often is
    a subclass with two class attributes, which metrics and tools then know as well::

        @DATASETS.register_module()
        class HarbourDataset(CheckedCocoDataset):
            METAINFO = {'classes': ('boat', 'buoy'), 'palette': [(230, 25, 75), (60, 180, 75)]}
            SOURCE = Source('Harbour is released at …', (Release('train', ('harbour_train.json', 'train_v2.json')),))

    Raises:
        FileNotFoundError: On load, if there is no annotation file or none of its images.
        ValueError: On load, if a class is not in the file or ids repeat.
    """

    SOURCE = Source()
    ann_file: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        register_source(cls.SOURCE)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Load and check the annotations; return one dict per image, as CocoDataset does."""
        local = self.backend_args is None
        if local:
            self.ann_file = str(find_annotations(self.ann_file))
        with get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
                    coco = self.COCOAPI(path)
            except KeyError as error:
                raise ValueError(f'{self.ann_file}: an image, annotation or category has no {error}') from error
        self._check_ids(coco.dataset)
        self._check_published_size(coco.dataset)
        self.cat_ids = self._match_categories(coco.dataset['categories'])
        self.cat2label = {cat_id: label for label, cat_id in enumerate(self.cat_ids)}
        self.cat_img_map = copy.deepcopy(coco.cat_img_map)
        if local:
            self._find_images([image['file_name'] for image in coco.dataset['images']])
        data_list, dropped = [], 0
        for img_id, image in coco.imgs.items():
            annotations = [a for a in coco.img_ann_map.get(img_id, []) if a['category_id'] in self.cat2label]
            kept = [clipped for a in annotations if (clipped := _clip(a, image))]
            dropped += len(annotations) - len(kept)
            data_list.append(self.parse_data_info({'raw_img_info': {**image, 'img_id': img_id}, 'raw_ann_info': kept}))
        if dropped:
            self._warn(f'{dropped:,} boxes dropped: under 1 px wide or high inside their image')
        return data_list

    def _warn(self, message: str) -> None:
        print_log(f'{self.ann_file}: {message}', logger='current', level=logging.WARNING)

    def _check_ids(self, dataset: dict[str, Any]) -> None:
        """Raise on ids that repeat; report annotations and file names that do not fit the images."""
        images, annotations = dataset['images'], dataset.get('annotations', [])
        for what, ids in (
            ('image ids', (image['id'] for image in images)),
            ('annotation ids', (annotation['id'] for annotation in annotations)),
            ('category names', (category['name'] for category in dataset['categories'])),
            ('category ids', (category['id'] for category in dataset['categories'])),
        ):
            if repeated := repeating(ids):
                raise ValueError(f'{self.ann_file}: {what} must be unique, these repeat: {listing(repeated)}')
        if repeated := repeating(image['file_name'] for image in images):
            self._warn(f'file names that several images share: {listing(repeated)}')
        image_ids = {image['id'] for image in images}
        if unlisted := sum(annotation['image_id'] not in image_ids for annotation in annotations):
            self._warn(f'{unlisted:,} annotations belong to no image of the file and are left out')

    def _check_published_size(self, dataset: dict[str, Any]) -> None:
        """Report numbers of images and instances that differ from the release of this name."""
        release = self.SOURCE.release_of(Path(self.ann_file).name)
        for key, what in (('images', 'images'), ('annotations', 'instances')):
            count, published = len(dataset.get(key, [])), release and getattr(release, what)
            if published and count != published:
                self._warn(f'{count:,} {what}, the published split has {published:,}')

    def _match_categories(self, categories: Sequence[dict[str, Any]]) -> list[int]:
        """Return the category ids in the order of the classes."""
        classes = self.metainfo['classes']
        id_of = {category['name']: category['id'] for category in categories}
        if missing := [name for name in classes if name not in id_of]:
            raise ValueError(
                f'{self.ann_file} has no category {", ".join(map(repr, missing))}; it has '
                f'{", ".join(map(repr, id_of))}. Rename them there, or set metainfo=dict(classes=...) in the config'
            )
        if unused := [name for name in id_of if name not in classes]:
            self._warn(f'categories that are not among the classes are left out: {", ".join(unused)}')
        return [id_of[name] for name in classes]

    def _find_images(self, file_names: Sequence[str]) -> None:
        """Point ``data_prefix`` to the folder that holds the images; one listing per folder, no file is opened."""
        if not file_names:
            return
        prefix, help_text = Path(self.data_prefix['img']), help_for(Path(self.ann_file).name)
        missing = {folder: _missing(folder, file_names) for folder in image_folders(prefix)}
        best = min(missing, key=lambda folder: len(missing[folder]))
        if len(missing[best]) == len(file_names):
            looked_in = '\n'.join(f'  {folder.absolute()}' for folder in missing)
            raise FileNotFoundError(
                f'none of the {len(file_names):,} images of {self.ann_file}, such as {file_names[0]}. '
                f'Looked in:\n{looked_in}\n{help_text}'
            )
        if best != prefix:
            print_log(f'images are not in {prefix}, taking {best}', logger='current')
            self.data_prefix['img'] = str(best)
        if missing[best]:
            counts = f'{len(missing[best]):,} of {len(file_names):,} images'
            self._warn(f'{counts} have no file in {best}: {listing(missing[best])}. {help_text}')


def image_folders(folder: Path) -> tuple[Path, ...]:
    """Where the images of a split may lie: in its folder ``SPLIT``, in ``SPLIT/images``, in ``images/SPLIT``."""
    return folder, folder / 'images', folder.parent / 'images' / folder.name


def repeating(values: Iterable[Hashable]) -> list[Any]:
    """Those of the values that occur more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def _clip(annotation: dict[str, Any], image: dict[str, Any]) -> dict[str, Any] | None:
    """The part of a box inside its image, ``ignore`` as ``iscrowd``; None where under 1 px of a side are left."""
    x, y, w, h = annotation['bbox']
    x1, y1 = max(x, 0), max(y, 0)
    w, h = min(x + w, image['width']) - x1, min(y + h, image['height']) - y1
    if w < 1 or h < 1:
        return None
    ignored = bool(annotation.get('ignore') or annotation.get('iscrowd'))
    return {**annotation, 'bbox': [x1, y1, w, h], 'area': w * h, 'iscrowd': int(ignored), 'ignore': 0}


def _missing(folder: Path, file_names: Iterable[str]) -> list[str]:
    """Return those of the names, which may contain folders, that are no file in the folder."""
    names_in = functools.cache(lambda parent: set(os.listdir(parent)) if parent.is_dir() else set())
    return [name for name in file_names if os.path.basename(name) not in names_in((folder / name).parent)]
