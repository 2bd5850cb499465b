from nwd_mmdet.datasets.aitod import AITODDataset, find_annotations
from nwd_mmdet.datasets.visdrone import VisDroneDataset

__all__ = ['AITODDataset', 'VisDroneDataset', 'find_annotations']
