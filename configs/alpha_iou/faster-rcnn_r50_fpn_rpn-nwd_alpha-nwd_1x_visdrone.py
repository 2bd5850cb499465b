# NWD in the RPN, and a power of NWD as the loss of the R-CNN stage: 1 - NWD^2.
_base_ = './faster-rcnn_r50_fpn_rpn-nwd_alpha-iou_1x_visdrone.py'
model = dict(roi_head=dict(bbox_head=dict(loss_bbox=dict(metric='nwd', constant=12.8, alpha=2.0))))
