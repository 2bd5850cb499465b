# Alpha-IoU losses of the R-CNN stage, to be merged into the model of mmdet's Faster R-CNN:
#     _base_ = ['mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py', '../_base_/models/alpha_iou.py']
#     model = {{_base_.alpha_iou}}
# As mmdet's own faster-rcnn_r50_fpn_{iou,giou,ciou}: on decoded boxes, weight 10, the RPN as it is. The paper states no
# weight for its alpha losses.
alpha_iou, alpha_giou, alpha_diou, alpha_ciou = [
    dict(
        roi_head=dict(
            bbox_head=dict(
                reg_decoded_bbox=True,
                loss_bbox=dict(_delete_=True, type=f'Alpha{kind}Loss', alpha=3.0, loss_weight=10.0))))
    for kind in ('IoU', 'GIoU', 'DIoU', 'CIoU')
]
