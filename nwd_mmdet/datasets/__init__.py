from nwd_mmdet.datasets import synthetic
from nwd_mmdet.datasets.aitod import AITODDataset
from nwd_mmdet.datasets.annotation_files import find_annotations
from nwd_mmdet.datasets.coco_dataset import CheckedCocoDataset
from nwd_mmdet.datasets.transforms import NoisyBoxes
from nwd_mmdet.datasets.visdrone import VisDroneDataset

__all__ = ['AITODDataset', 'CheckedCocoDataset', 'NoisyBoxes', 'VisDroneDataset', 'find_annotations', 'synthetic']
