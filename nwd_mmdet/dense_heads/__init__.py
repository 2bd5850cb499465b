from nwd_mmdet.dense_heads.box_refinement import BoxRefinement, refine_distances
from nwd_mmdet.dense_heads.dw_head import DWHead
from nwd_mmdet.dense_heads.dw_tood_head import DWTOODHead

__all__ = ['BoxRefinement', 'DWHead', 'DWTOODHead', 'refine_distances']
