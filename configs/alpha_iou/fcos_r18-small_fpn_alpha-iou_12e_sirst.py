# alpha-IoU with alpha = 3 in place of GIoU in a small FCOS, on SIRST (one class, targets of 6 px).
_base_ = '../fcos/fcos_r18-small_fpn_12e_sirst.py'
model = dict(bbox_head=dict(loss_bbox=dict(_delete_=True, type='AlphaIoULoss', alpha=3.0, loss_weight=1.0)))
