from nwd_mmdet.assigners.nwd_assigner import NWDAssigner
from nwd_mmdet.assigners.overlap_calculator import OverlapCalculator

__all__ = ['NWDAssigner', 'OverlapCalculator']
