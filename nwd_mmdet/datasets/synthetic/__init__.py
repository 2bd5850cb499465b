from nwd_mmdet.datasets.synthetic.dataset import CLASSES, Drawing, draw, draw_set

__all__ = ['CLASSES', 'Drawing', 'draw', 'draw_set']
