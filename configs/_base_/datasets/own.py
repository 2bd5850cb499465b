# Any set in COCO's format, named by environment variables: paths from the working directory. Classes and their number are
# those of the files. Images are taken as they are: no resize, so objects keep their pixels.
dataset_type = 'CheckedCocoDataset'
metainfo = dict(classes='auto')

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale_factor=1.0, keep_ratio=True),  # 2.0 doubles every object; set it for testing too
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale_factor=1.0, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]

train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(type='AspectRatioBatchSampler'),
    dataset=dict(
        type=dataset_type,
        metainfo=metainfo,
        ann_file='{{$TRAIN_JSON:data/own/train.json}}',
        data_prefix=dict(img='{{$TRAIN_IMAGES:data/own/images}}'),
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
        metainfo=metainfo,
        ann_file='{{$VAL_JSON:data/own/val.json}}',
        data_prefix=dict(img='{{$VAL_IMAGES:data/own/images}}'),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='AITODMetric', ann_file='{{$VAL_JSON:data/own/val.json}}')
test_evaluator = val_evaluator
