from nwd_mmdet.datasets.aitod import CLASSES
from nwd_mmdet.datasets.synthetic.dataset import Drawing, draw, draw_set

__all__ = ['CLASSES', 'Drawing', 'draw', 'draw_set']
