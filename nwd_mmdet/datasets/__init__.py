from nwd_mmdet.datasets import synthetic
from nwd_mmdet.datasets.aitod import AITODDataset
from nwd_mmdet.datasets.annotation_files import Release, Source, find_annotations
from nwd_mmdet.datasets.coco_dataset import CheckedCocoDataset
from nwd_mmdet.datasets.transforms import NoisyBoxes
from nwd_mmdet.datasets.visdrone import VisDroneDataset

__all__ = [
    'AITODDataset',
    'CheckedCocoDataset',
    'NoisyBoxes',
    'Release',
    'Source',
    'VisDroneDataset',
    'find_annotations',
    'synthetic',
]
