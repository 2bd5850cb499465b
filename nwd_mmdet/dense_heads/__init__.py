from nwd_mmdet.dense_heads.box_refinement import BoxRefinement, refine_distances
from nwd_mmdet.dense_heads.dw_head import DWHead
from nwd_mmdet.dense_heads.dw_tood_head import DWTOODHead
from nwd_mmdet.dense_heads.multi_centre_head import MultiCentreHead
from nwd_mmdet.dense_heads.ssd_head import PredictingSSDHead
from nwd_mmdet.dense_heads.yolov5_head import YOLOv5Head

__all__ = [
    'BoxRefinement',
    'DWHead',
    'DWTOODHead',
    'MultiCentreHead',
    'PredictingSSDHead',
    'YOLOv5Head',
    'refine_distances',
]
