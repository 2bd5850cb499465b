# Infrared tiny targets (open-sirst-v2 and sets like it) as COCO JSON: train.json, test.json and images/ in one folder.
# Images vary in size and are grey, RGB or RGBA; all are loaded as three channels. Training takes crops of 256 x 256,
# testing whole images.
dataset_type = 'CocoDataset'
data_root = '{{$SIRST_ROOT:data/sirst_v2}}'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale_factor=1.0, keep_ratio=True),  # 2.0 doubles every target; set it for testing too
    # Most images are hardly larger than the crop, so most crops keep a target; those that do not are background.
    dict(type='RandomCrop', crop_type='absolute', crop_size=(256, 256), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Pad', size=(256, 256)),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale_factor=1.0, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        metainfo=dict(classes=('target',), palette=[(220, 20, 60)]),
        data_root=data_root,
        ann_file='train.json',
        data_prefix=dict(img='images/'),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        metainfo=dict(classes=('target',), palette=[(220, 20, 60)]),
        data_root=data_root,
        ann_file='test.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='AITODMetric', ann_file=data_root + '/test.json')
test_evaluator = val_evaluator
