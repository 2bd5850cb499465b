# mmdet's SSD-512 with the pipelines that cut, distort and resize its images; no dataset, no schedule.
#     train_dataloader = {{_base_.ssd512.train_dataloader}}
_base_ = 'mmdet::ssd/ssd512_coco.py'
model = _base_.model
ssd512 = dict(
    _fragment_=True,
    train_dataloader=dict(dataset=dict(pipeline=_base_.train_dataloader.dataset.dataset.pipeline)),
    val_dataloader=dict(dataset=dict(pipeline=_base_.val_dataloader.dataset.pipeline)))
_base_.clear()
