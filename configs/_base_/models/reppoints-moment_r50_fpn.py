# mmdet's model, without the data and the schedule of its config.
# `import` would make mmengine take this for a config in its new style.
get_config = __import__('mmengine.hub', fromlist=['hub']).get_config
model = get_config('mmdet::reppoints/reppoints-moment_r50_fpn_1x_coco.py').model.to_dict()
del get_config
