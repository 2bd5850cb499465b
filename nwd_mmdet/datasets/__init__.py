from nwd_mmdet.datasets.aitod import AITODDataset, find_annotations
from nwd_mmdet.datasets.transforms import NoisyBoxes
from nwd_mmdet.datasets.visdrone import VisDroneDataset

__all__ = ['AITODDataset', 'NoisyBoxes', 'VisDroneDataset', 'find_annotations']
