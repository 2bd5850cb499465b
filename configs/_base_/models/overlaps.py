# The other overlaps of the NWD paper's Table 1 in the modules of Faster R-CNN, to be merged as those of nwd.py are:
#     model = {{_base_.overlaps.loss.giou}}
overlaps = dict(
    _fragment_=True,
    # Assignment, RPN and R-CNN, with the detector's own thresholds. These overlaps go below 0, and where neg_iou_thr is
    # one number mmdet's assigner takes only overlaps from 0 on for background: whatever lies apart from all objects
    # would be left out of training.
    assign={
        metric: dict(
            train_cfg=dict(
                rpn=dict(
                    assigner=dict(
                        neg_iou_thr=(-2.0, 0.3), iou_calculator=dict(type='OverlapCalculator', metric=metric))),
                rcnn=dict(
                    assigner=dict(
                        neg_iou_thr=(-2.0, 0.5), iou_calculator=dict(type='OverlapCalculator', metric=metric)))))
        for metric in ('giou', 'diou', 'ciou')
    },
    # NMS of the RPN, with the threshold that the IoU has there.
    rpn_nms={
        metric: dict(
            train_cfg=dict(rpn_proposal=dict(nms=dict(type='overlap_nms', metric=metric, iou_threshold=0.7))),
            test_cfg=dict(rpn=dict(nms=dict(type='overlap_nms', metric=metric, iou_threshold=0.7))))
        for metric in ('giou', 'diou', 'ciou')
    },
    # Loss 1 - overlap, RPN and R-CNN. The paper gives no weights: 10, with which NWD was released, and which mmdet's
    # own faster-rcnn_r50_fpn_{iou,giou,ciou} have in the R-CNN.
    loss={
        metric: dict(
            rpn_head=dict(
                reg_decoded_bbox=True,
                loss_bbox=dict(_delete_=True, type='OverlapLoss', metric=metric, loss_weight=10.0)),
            roi_head=dict(
                bbox_head=dict(
                    reg_decoded_bbox=True,
                    loss_bbox=dict(_delete_=True, type='OverlapLoss', metric=metric, loss_weight=10.0))))
        for metric in ('iou', 'giou', 'diou', 'ciou')
    })
