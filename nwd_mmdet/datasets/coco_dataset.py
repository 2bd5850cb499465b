"""Any data set in COCO's format: its files found, its content checked on load."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS
from mmengine.fileio import get_local_path
from mmengine.logging import print_log

from nwd_mmdet.datasets.annotation_files import Source, find_annotations, help_for, read_json, register_source
from nwd_mmdet.datasets.checks.annotations import refuse_or_tell
from nwd_mmdet.datasets.checks.boxes import handed_on
from nwd_mmdet.datasets.checks.columns import BoolArray, CocoColumns
from nwd_mmdet.datasets.checks.findings import Reader, say_once
from nwd_mmdet.datasets.checks.image_files import best_folder, check_missing, image_folders


@DATASETS.register_module()
class CheckedCocoDataset(CocoDataset):
    """A data set in COCO's format, and the base of every published one.

    What it does beyond mmdet's CocoDataset:

    - An annotation file that is missing is looked for under its other names (``find_annotations``), images also in
      ``images/`` inside or around the image folder.
    - Labels follow the names of the classes, in the order of ``METAINFO``. CocoDataset numbers the classes in the
      order of the JSON file whatever their names.
    - What cannot be loaded as it is meant raises: classes that are missing, ids that repeat, text for numbers. What is
      left out is reported with its count, as are images without a file and sizes other than the published ones;
      docs/check_data.md has all of it.
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
        ValueError: On load, if a class is not in the file, ids repeat, or entries are malformed.
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
            columns = CocoColumns.of(read_json(path), self.ann_file)
        refuse_or_tell(columns, self.metainfo['classes'], Reader.CHECKED)
        self._check_published_size(columns)
        self.cat_ids = self._match_categories(columns.categories)
        self.cat2label = {cat_id: label for label, cat_id in enumerate(self.cat_ids)}
        self.cat_img_map = defaultdict(list)
        for annotation in columns.annotations:
            self.cat_img_map[annotation['category_id']].append(annotation['image_id'])
        if local:
            self._find_images(columns.file_names)
        kept = _clipped(columns, handed_on(columns, self.metainfo['classes'], Reader.CHECKED))
        return [
            self.parse_data_info({'raw_img_info': {**image, 'img_id': image['id']}, 'raw_ann_info': kept[row]})
            for row, image in enumerate(columns.images)
        ]

    def _warn(self, message: str) -> None:
        say_once(f'{self.ann_file}: {message}')

    def _check_published_size(self, columns: CocoColumns) -> None:
        """Report numbers of images and instances that differ from the release of this name."""
        release = self.SOURCE.release_of(Path(self.ann_file).name)
        for entries, what in ((columns.images, 'images'), (columns.annotations, 'instances')):
            count, published = len(entries), release and getattr(release, what)
            if published and count != published:
                self._warn(f'{count:,} {what}, the published split has {published:,}')

    def _match_categories(self, categories: Sequence[dict[str, Any]]) -> list[int]:
        """Return the category ids in the order of the classes, all of which the file has."""
        id_of = {category['name']: category['id'] for category in categories}
        return [id_of[name] for name in self.metainfo['classes']]

    def _find_images(self, file_names: Sequence[str]) -> None:
        """Point ``data_prefix`` to the folder that holds the images; one listing per folder, no file is opened."""
        if not file_names:
            return
        prefix, help_text = Path(self.data_prefix['img']), help_for(self.ann_file)
        folders = image_folders(prefix)
        best, missing = best_folder(folders, file_names)
        if len(missing) == len(file_names):
            looked_in = '\n'.join(f'  {folder.absolute()}' for folder in folders)
            raise FileNotFoundError(
                f'none of the {len(file_names):,} images of {self.ann_file}, such as {file_names[0]}. '
                f'Looked in:\n{looked_in}\n{help_text}'
            )
        if best != prefix:
            print_log(f'images are not in {prefix}, taking {best}', logger='current')
            self.data_prefix['img'] = str(best)
        for finding in check_missing(self.ann_file, best, missing):
            say_once(f'{finding} {help_text}')


def _clipped(columns: CocoColumns, kept: BoolArray) -> list[list[dict[str, Any]]]:
    """For each image the annotations that are kept, cut at its border, with ``ignore`` as ``iscrowd``."""
    by_image: list[list[dict[str, Any]]] = [[] for _ in columns.images]
    corner = np.maximum(columns.boxes[:, :2], 0)
    for row in np.flatnonzero(kept).tolist():
        (x, y), (w, h) = corner[row].tolist(), columns.inside[row].tolist()
        ignored = int(columns.crowd[row] or columns.ignore[row])
        cut = {'bbox': [x, y, w, h], 'area': w * h, 'iscrowd': ignored, 'ignore': 0}
        by_image[columns.image[row]].append({**columns.annotations[row], **cut})
    return by_image
