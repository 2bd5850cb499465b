from nwd_mmdet.datasets.aitod import AITODDataset

__all__ = ['AITODDataset']
