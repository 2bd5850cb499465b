# mmdet's model, without the data and the schedule of its config.
# `import` would make mmengine take this for a config in its new style.
get_config = __import__('mmengine.hub', fromlist=['hub']).get_config
model = get_config('mmdet::centernet/centernet_r18-dcnv2_8xb16-crop512-140e_coco.py').model.to_dict()
del get_config
