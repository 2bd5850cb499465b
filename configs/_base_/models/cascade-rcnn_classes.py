# mmdet's Cascade R-CNN has its three heads in a list, which a config can only replace as a whole:
#     _base_ = ['mmdet::_base_/models/cascade-rcnn_r50_fpn.py', '../_base_/models/cascade-rcnn_classes.py']
#     model = dict(roi_head=dict(bbox_head={{_base_.heads_of_8_classes}}))
# `import` would make mmengine take this for a config in its new style.
get_config = __import__('mmengine.hub', fromlist=['hub']).get_config
heads = get_config('mmdet::_base_/models/cascade-rcnn_r50_fpn.py').model.to_dict()['roi_head']['bbox_head']
heads_of_8_classes = [dict(head, num_classes=8) for head in heads]
heads_of_10_classes = [dict(head, num_classes=10) for head in heads]
del get_config, heads
