# Images of classes that less than a fifth of the images have are repeated (imbalance review, section 4.2.1): a class in
# a share f of the images sqrt(0.2 / f) times.
_base_ = '../demo/faster-rcnn_r18-small_fpn_anchor2_synthetic.py'
train_dataloader = dict(
    dataset=dict(
        _delete_=True, type='ClassBalancedDataset', oversample_thr=0.2, dataset=_base_.train_dataloader.dataset))
