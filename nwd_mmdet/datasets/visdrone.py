"""VisDrone-DET in COCO's format, as nwd-mmdet visdrone2coco writes it."""

from typing import Any

from mmdet.registry import DATASETS

from nwd_mmdet.datasets.annotation_files import Source
from nwd_mmdet.datasets.coco_dataset import CheckedCocoDataset

CLASSES = (*('pedestrian', 'people', 'bicycle', 'car', 'van', 'truck', 'tricycle', 'awning-tricycle', 'bus', 'motor'),)


@DATASETS.register_module()
class VisDroneDataset(CheckedCocoDataset):
    """VisDrone-DET with its regions to ignore.

    Loaded and checked as :class:`~nwd_mmdet.datasets.coco_dataset.CheckedCocoDataset` does.

    The ``ignore_regions`` of an image become ignored instances, as objects with score 0 do, which the converter writes
    as crowd annotations. Assigners leave priors inside them alone where ``ignore_iof_thr`` is positive.

    Takes CocoDataset's arguments.

    Raises:
        FileNotFoundError: On load, if there is no annotation file or none of its images.
        ValueError: On load, if a class is not in the file or ids repeat.
    """

    METAINFO = {
        'classes': CLASSES,
        'palette': [
            *((230, 25, 75), (245, 130, 48), (255, 225, 25), (60, 180, 75), (70, 240, 240)),
            *((0, 130, 200), (240, 50, 230), (170, 110, 40), (128, 128, 0), (250, 190, 212)),
        ],
    }
    SOURCE = Source(
        'VisDrone2019-DET is released at github.com/VisDrone/VisDrone-Dataset. Unpack it under data/VisDrone, or name '
        'your folder by VISDRONE_ROOT, and convert each split: nwd-mmdet visdrone2coco '
        'data/VisDrone/VisDrone2019-DET-train data/VisDrone/annotations/visdrone_train.json',
        pattern='*visdrone*',
    )

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any]:
        """Parse as CocoDataset does, and add the image's regions to ignore."""
        data_info: dict[str, Any] = super().parse_data_info(raw_data_info)
        image = raw_data_info['raw_img_info']
        for x, y, w, h in image.get('ignore_regions', []):
            box = [max(x, 0), max(y, 0), min(x + w, image['width']), min(y + h, image['height'])]
            if box[2] > box[0] and box[3] > box[1]:
                data_info['instances'].append({'ignore_flag': 1, 'bbox': box, 'bbox_label': 0})
        return data_info
