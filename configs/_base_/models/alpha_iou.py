# Alpha-IoU as the loss of the R-CNN stage, to be merged into the model of mmdet's Faster R-CNN:
#     _base_ = ['mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py', '../_base_/models/alpha_iou.py']
#     model = {{_base_.alpha_iou.rcnn_loss}}
# As mmdet's own faster-rcnn_r50_fpn_{iou,giou,ciou}: on decoded boxes, weight 10, the RPN as it is. The paper states no
# weight for its alpha losses.
alpha_iou = dict(
    _fragment_=True,
    rcnn_loss=dict(
        roi_head=dict(
            bbox_head=dict(
                reg_decoded_bbox=True,
                loss_bbox=dict(_delete_=True, type='AlphaIoULoss', alpha=3.0, loss_weight=10.0)))))
