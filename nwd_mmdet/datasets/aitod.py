"""AI-TOD v1 and v2: classes, file names and published sizes."""

from collections.abc import Sequence
from typing import Any

from mmdet.registry import DATASETS

from nwd_mmdet.datasets.annotation_files import Release, Source
from nwd_mmdet.datasets.coco_dataset import CheckedCocoDataset

CLASSES = ('airplane', 'bridge', 'storage-tank', 'ship', 'swimming-pool', 'vehicle', 'person', 'wind-mill')

# Sizes: Wang et al., ICPR 2020 (v1), Xu et al., ISPRS 2022 (v2); v2 trainval is the sum of its parts. The instances
# of v1 are published for all splits together only (700,621).
RELEASES = (
    Release('train', ('aitod_train_v1.json', 'aitod_training_v1.0.json', 'aitod_training_v1.json'), 11214),
    Release('val', ('aitod_val_v1.json', 'aitod_validation_v1.0.json', 'aitod_validation_v1.json'), 2804),
    Release('trainval', ('aitod_trainval_v1.json', 'small_trainval_v1_1.0.json'), 14018),
    Release('test', ('aitod_test_v1.json', 'aitod_test_v1_1.0.json', 'small_test_v1_1.0.json'), 14018),
    Release('train', ('aitodv2_train.json', 'small_train_v2_1.0.json'), 11214, 301534, version=2),
    Release('val', ('aitodv2_val.json', 'small_val_v2_1.0.json'), 2804, 75091, version=2),
    Release(
        'trainval',
        ('aitodv2_trainval.json', 'small_trainval_v2_3.0.json', 'small_trainval_v2_2.0.json'),
        14018,
        376625,
        version=2,
    ),
    Release('test', ('aitodv2_test.json', 'small_test_v2_2.0.json'), 14018, 376121, version=2),
)


@DATASETS.register_module()
class AITODDataset(CheckedCocoDataset):
    """AI-TOD, or any COCO-format set with its classes, such as the synthetic one.

    Loaded and checked as :class:`~nwd_mmdet.datasets.coco_dataset.CheckedCocoDataset` does; ids other than 1 to 8 are
    reported.

    Takes CocoDataset's arguments. ``metainfo=dict(classes=...)`` selects classes.

    Raises:
        FileNotFoundError: On load, if there is no annotation file or none of its images.
        ValueError: On load, if a class is not in the file or ids repeat.
    """

    METAINFO = {
        'classes': CLASSES,
        'palette': [
            *((230, 25, 75), (245, 130, 48), (255, 225, 25), (60, 180, 75)),
            *((70, 240, 240), (0, 130, 200), (240, 50, 230), (170, 110, 40)),
        ],
    }
    SOURCE = Source(
        'AI-TOD: annotations and the images that do not come from xView are released at github.com/jwwangchn/AI-TOD; '
        "the others are cut from xView's training images by the aitodtoolkit there. Put them under data/AI-TOD as "
        'docs/datasets.md shows, or name your folder: AITOD_ROOT=/your/folder before the command, or data_root in the '
        'config.',
        RELEASES,
    )

    def _match_categories(self, categories: Sequence[dict[str, Any]]) -> list[int]:
        """Return the category ids in the order of the classes; report others than the published ones."""
        cat_ids = super()._match_categories(categories)
        if tuple(self.metainfo['classes']) == CLASSES and cat_ids != list(range(1, len(CLASSES) + 1)):
            numbered = ', '.join(f'{name} {cat_id}' for name, cat_id in zip(CLASSES, cat_ids, strict=True))
            self._warn(f'category ids are not 1 to 8 in the order of AI-TOD, labels are matched by name: {numbered}')
        return cat_ids
