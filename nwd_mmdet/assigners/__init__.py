from nwd_mmdet.assigners.dw_assigner import DWAssigner
from nwd_mmdet.assigners.nwd_assigner import NWDAssigner
from nwd_mmdet.assigners.overlap_calculator import OverlapCalculator
from nwd_mmdet.assigners.overlap_cost import OverlapCost
from nwd_mmdet.assigners.shape_ratio_assigner import ShapeRatioAssigner

__all__ = ['DWAssigner', 'NWDAssigner', 'OverlapCalculator', 'OverlapCost', 'ShapeRatioAssigner']
