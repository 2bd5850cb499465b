"""AI-TOD v1 and v2, found under any of the names it is passed around with, and checked on load."""

import copy
import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS
from mmengine.fileio import get_local_path
from mmengine.logging import print_log

CLASSES = ('airplane', 'bridge', 'storage-tank', 'ship', 'swimming-pool', 'vehicle', 'person', 'wind-mill')


class Release(NamedTuple):
    """One split of one version: its size as published, and its file names, the current one first."""

    images: int
    instances: int | None
    names: tuple[str, ...]


# Sizes: Wang et al., ICPR 2020 (v1), Xu et al., ISPRS 2022 (v2); v2 trainval is the sum of its parts. The instances
# of v1 are published for all splits together only (700,621).
RELEASES = (
    Release(11214, None, ('aitod_train_v1.json', 'aitod_training_v1.0.json', 'aitod_training_v1.json')),
    Release(2804, None, ('aitod_val_v1.json', 'aitod_validation_v1.0.json', 'aitod_validation_v1.json')),
    Release(14018, None, ('aitod_trainval_v1.json', 'small_trainval_v1_1.0.json')),
    Release(14018, None, ('aitod_test_v1.json', 'aitod_test_v1_1.0.json', 'small_test_v1_1.0.json')),
    Release(11214, 301534, ('aitodv2_train.json', 'small_train_v2_1.0.json')),
    Release(2804, 75091, ('aitodv2_val.json', 'small_val_v2_1.0.json')),
    Release(14018, 376625, ('aitodv2_trainval.json', 'small_trainval_v2_3.0.json', 'small_trainval_v2_2.0.json')),
    Release(14018, 376121, ('aitodv2_test.json', 'small_test_v2_2.0.json')),
)

_HELP_AITOD = (
    'AI-TOD: annotations and the images that do not come from xView are released at github.com/jwwangchn/AI-TOD; the '
    "others are cut from xView's training images by the aitodtoolkit there. Put them under data/AI-TOD as "
    'docs/datasets.md shows, or name your folder: AITOD_ROOT=/your/folder before the command, or data_root in the '
    'config.'
)
_HELP_VISDRONE = (
    'VisDrone2019-DET is released at github.com/VisDrone/VisDrone-Dataset. Unpack it under data/VisDrone, or name your '
    'folder by VISDRONE_ROOT, and convert each split: python tools/dataset_converters/visdrone2coco.py '
    'data/VisDrone/VisDrone2019-DET-train data/VisDrone/annotations/visdrone_train.json'
)
_HELP_OTHER = (
    'The synthetic set is drawn by: python tools/dataset_converters/draw_synthetic.py data/synthetic\n'
    'Any other: name its folder by the environment variable that docs/datasets.md gives for it (as SIRST_ROOT), or set '
    'data_root and ann_file in the config.'
)


def find_annotations(path: str | Path) -> Path:
    """Find an annotation file of AI-TOD, whichever of its names it carries.

    Args:
        path: Where it should be. If it is not there and its name is one of ``RELEASES``, the other names of the same
            split and version are looked for in the same folder.

    Returns:
        The path of a file that exists.

    Raises:
        FileNotFoundError: If there is none; the message lists the paths looked for and how to get the data.
    """
    path = Path(path)
    if path.is_file():
        return path
    candidates = [path, *(path.with_name(name) for name in _names_like(path.name) if name != path.name)]
    found = [candidate for candidate in candidates if candidate.is_file()]
    if not found:
        looked_for = '\n'.join(f'  {candidate.absolute()}' for candidate in candidates)
        raise FileNotFoundError(f'no annotation file. Looked for:\n{looked_for}\n{_help(path.name)}')
    print_log(f'{path} does not exist, taking {found[0]}, another name of the same split', logger='current')
    return found[0]


def _release_of(name: str) -> Release | None:
    return next((release for release in RELEASES if name in release.names), None)


def _help(name: str) -> str:
    if 'visdrone' in name.lower():
        return _HELP_VISDRONE
    return _HELP_AITOD if _release_of(name) else _HELP_OTHER


def _names_like(name: str) -> tuple[str, ...]:
    release = _release_of(name)
    return release.names if release else ()


@DATASETS.register_module()
class AITODDataset(CocoDataset):
    """AI-TOD, or any COCO-format set with its classes, such as the synthetic one.

    What it does beyond mmdet's CocoDataset:

    - An annotation file that is missing is looked for under its other names (``find_annotations``), images also in
      ``images/`` inside or around the image folder.
    - Labels follow the names of the classes, in the order of ``METAINFO``. CocoDataset numbers the classes in the
      order of the JSON file whatever their names.
    - Classes that are missing and ids that repeat raise; images without a file, ids other than 1 to 8 and sizes other
      than the published ones are reported.
    - Boxes are clipped to the image; those under 1 px wide or high are dropped and counted. Annotations marked
      ``ignore`` become ignored instances, as ``iscrowd`` ones do; CocoDataset drops them, so that a detector is
      punished for what they cover.

    Takes CocoDataset's arguments. ``metainfo=dict(classes=...)`` selects classes.

    Raises:
        FileNotFoundError: On load, if there is no annotation file or none of its images.
        ValueError: On load, if a class is not in the file or ids repeat.
    """

    ann_file: str
    METAINFO = {
        'classes': CLASSES,
        'palette': [
            *((230, 25, 75), (245, 130, 48), (255, 225, 25), (60, 180, 75)),
            *((70, 240, 240), (0, 130, 200), (240, 50, 230), (170, 110, 40)),
        ],
    }

    def load_data_list(self) -> list[dict]:
        """Load and check the annotations; return one dict per image, as CocoDataset does."""
        local = self.backend_args is None
        if local:
            self.ann_file = str(find_annotations(self.ann_file))
        with get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            coco = self.COCOAPI(path)
        self._check_ids(coco.dataset)
        self.cat_ids = self._match_categories(coco.dataset['categories'])
        self.cat2label = {cat_id: label for label, cat_id in enumerate(self.cat_ids)}
        self.cat_img_map = copy.deepcopy(coco.cat_img_map)
        if local:
            self._find_images([image['file_name'] for image in coco.dataset['images']])
        self._dropped = 0
        data_list = [
            self.parse_data_info(
                {'raw_img_info': {**image, 'img_id': img_id}, 'raw_ann_info': coco.img_ann_map.get(img_id, [])}
            )
            for img_id, image in coco.imgs.items()
        ]
        if self._dropped:
            self._warn(f'{self._dropped:,} boxes dropped: under 1 px wide or high inside their image')
        return data_list

    def parse_data_info(self, raw_data_info: dict) -> dict:
        """Clip and drop boxes, turn ``ignore`` into ``iscrowd``, then parse as CocoDataset does."""
        image, annotations = raw_data_info['raw_img_info'], []
        for annotation in raw_data_info['raw_ann_info']:
            x, y, w, h = annotation['bbox']
            x1, y1 = max(x, 0), max(y, 0)
            w, h = min(x + w, image['width']) - x1, min(y + h, image['height']) - y1
            if w < 1 or h < 1:
                self._dropped += annotation['category_id'] in self.cat2label
                continue
            ignored = bool(annotation.get('ignore') or annotation.get('iscrowd'))
            annotations.append(
                {**annotation, 'bbox': [x1, y1, w, h], 'area': w * h, 'iscrowd': int(ignored), 'ignore': 0}
            )
        return super().parse_data_info({'raw_img_info': image, 'raw_ann_info': annotations})

    def _warn(self, message: str) -> None:
        print_log(f'{self.ann_file}: {message}', logger='current', level=logging.WARNING)

    def _check_ids(self, dataset: dict[str, Any]) -> None:
        """Raise on ids that repeat; report what differs from the published file of this name."""
        images, annotations = dataset['images'], dataset.get('annotations', [])
        if missing := sum('id' not in annotation for annotation in annotations):
            raise ValueError(
                f"{self.ann_file}: {missing:,} annotations have no 'id'; COCO's format numbers them from 1"
            )
        for what, ids in (
            ('image ids', (image['id'] for image in images)),
            ('annotation ids', (annotation['id'] for annotation in annotations)),
            ('category names', (category['name'] for category in dataset['categories'])),
            ('category ids', (category['id'] for category in dataset['categories'])),
        ):
            if repeated := _repeated(ids):
                raise ValueError(f'{self.ann_file}: {what} must be unique, these repeat: {_some(repeated)}')
        if repeated := _repeated(image['file_name'] for image in images):
            self._warn(f'file names that several images share: {_some(repeated)}')
        known = {image['id'] for image in images}
        if strays := sum(annotation['image_id'] not in known for annotation in annotations):
            self._warn(f'{strays:,} annotations belong to no image of the file and are left out')
        release = _release_of(Path(self.ann_file).name)
        if release and len(images) != release.images:
            self._warn(f'{len(images):,} images, the published split has {release.images:,}')
        if release and release.instances and len(annotations) != release.instances:
            self._warn(f'{len(annotations):,} instances, the published split has {release.instances:,}')

    def _match_categories(self, categories: Sequence[dict[str, Any]]) -> list[int]:
        """Return the category ids in the order of the classes."""
        classes = self.metainfo['classes']
        id_of = {category['name']: category['id'] for category in categories}
        if missing := [name for name in classes if name not in id_of]:
            raise ValueError(
                f'{self.ann_file} has no category {", ".join(map(repr, missing))}; it has '
                f'{", ".join(map(repr, id_of))}. Rename them there, or set metainfo=dict(classes=...) in the config'
            )
        cat_ids = [id_of[name] for name in classes]
        if unused := [name for name in id_of if name not in classes]:
            self._warn(f'categories that are not among the classes are left out: {", ".join(unused)}')
        if tuple(classes) == CLASSES and cat_ids != list(range(1, len(CLASSES) + 1)):
            numbered = ', '.join(f'{name} {cat_id}' for name, cat_id in zip(classes, cat_ids, strict=True))
            self._warn(f'category ids are not 1 to 8 in the order of AI-TOD, labels are matched by name: {numbered}')
        return cat_ids

    def _find_images(self, file_names: Sequence[str]) -> None:
        """Point ``data_prefix`` to the folder that holds the images; one listing per folder, no file is opened."""
        if not file_names:
            return
        prefix = Path(self.data_prefix['img'])
        folders = (prefix, prefix / 'images', prefix.parent / 'images' / prefix.name)
        missing = {folder: _missing(folder, file_names) for folder in folders}
        best = min(folders, key=lambda folder: len(missing[folder]))
        if len(missing[best]) == len(file_names):
            looked_in = '\n'.join(f'  {folder.absolute()}' for folder in folders)
            raise FileNotFoundError(
                f'none of the {len(file_names):,} images of {self.ann_file}, such as {file_names[0]}. '
                f'Looked in:\n{looked_in}\n{_help(Path(self.ann_file).name)}'
            )
        if best != prefix:
            print_log(f'images are not in {prefix}, taking {best}', logger='current')
            self.data_prefix['img'] = str(best)
        if missing[best]:
            counts = f'{len(missing[best]):,} of {len(file_names):,} images'
            self._warn(f'{counts} have no file in {best}: {_some(missing[best])}. {_help(Path(self.ann_file).name)}')


def _missing(folder: Path, file_names: Iterable[str]) -> list[str]:
    """Return those of the names, which may contain folders, that are no file in the folder."""
    listings: dict[Path, set[str]] = {}
    missing = []
    for name in file_names:
        path = folder / name
        if path.parent not in listings:
            listings[path.parent] = set(os.listdir(path.parent)) if path.parent.is_dir() else set()
        if path.name not in listings[path.parent]:
            missing.append(name)
    return missing


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _some(values: Sequence[Any]) -> str:
    return ', '.join(map(str, values[:3])) + (f' and {len(values) - 3:,} more' if len(values) > 3 else '')
