# mmdet's SSD-512 with the pipelines that cut, distort and resize its images; no dataset, no schedule.
# `import` would make mmengine take this for a config in its new style.
get_config = __import__('mmengine.hub', fromlist=['hub']).get_config
ssd512 = get_config('mmdet::ssd/ssd512_coco.py').to_dict()
model = ssd512['model']
ssd512_training = dict(dataset=dict(pipeline=ssd512['train_dataloader']['dataset']['dataset']['pipeline']))
ssd512_test = dict(dataset=dict(pipeline=ssd512['val_dataloader']['dataset']['pipeline']))
del get_config, ssd512
