# NWD in each module of a detector, to be merged into its model:
#     _base_ = ['./faster-rcnn_….py', '../_base_/models/nwd.py']
#     model = {{_base_.nwd.rpn}}
# Thresholds of the assigners stay the detector's own (NWD paper, 3.3). C is 12.8 px by default, the mean object size of
# AI-TOD; `nwd_constant` in the config sets it in all of them.
# RPN-NMS at .85 and the loss weight of 10 are the released settings; .85 suppresses within 12.8 ln(1/.85) = 2.1 px.
nwd = dict(
    _fragment_=True,
    rpn_assign=dict(train_cfg=dict(rpn=dict(assigner=dict(type='NWDAssigner')))),
    rpn_nms=dict(
        train_cfg=dict(rpn_proposal=dict(nms=dict(type='nwd_nms', iou_threshold=0.85))),
        test_cfg=dict(rpn=dict(nms=dict(type='nwd_nms', iou_threshold=0.85)))),
    rpn_loss=dict(
        rpn_head=dict(
            reg_decoded_bbox=True,
            loss_bbox=dict(_delete_=True, type='NWDLoss', loss_weight=10.0))),
    rcnn_assign=dict(train_cfg=dict(rcnn=dict(assigner=dict(type='NWDAssigner')))),
    rcnn_nms=dict(test_cfg=dict(rcnn=dict(nms=dict(type='nwd_nms', iou_threshold=0.5)))),
    rcnn_loss=dict(
        roi_head=dict(
            bbox_head=dict(
                reg_decoded_bbox=True,
                loss_bbox=dict(_delete_=True, type='NWDLoss', loss_weight=10.0)))),
    # One-stage detectors: the assigner of RetinaNet, the loss of ATSS with the weight of its GIoU loss.
    dense_assign=dict(train_cfg=dict(assigner=dict(type='NWDAssigner'))),
    dense_loss=dict(bbox_head=dict(loss_bbox=dict(_delete_=True, type='NWDLoss', loss_weight=2.0))))


def several(*names):
    """Several of the modules above at once."""
    model = {}
    for name in names:
        for part, settings in nwd[name].items():
            model[part] = {**model.get(part, {}), **settings}
    return model


nwd.update(
    # One kind of module in both stages (Table 1).
    assign=several('rpn_assign', 'rcnn_assign'),
    loss=several('rpn_loss', 'rcnn_loss'),
    # All of the RPN, the paper's best at 12 epochs (Table 3).
    rpn=several('rpn_assign', 'rpn_nms', 'rpn_loss'),
    rcnn=several('rcnn_assign', 'rcnn_nms', 'rcnn_loss'),
    rpn_rcnn=several('rpn_assign', 'rpn_nms', 'rpn_loss', 'rcnn_assign', 'rcnn_nms', 'rcnn_loss'),
    # Assignment and NMS of the RPN, loss of the R-CNN stage: the log behind the paper's best at 24 epochs.
    rpn_assign_nms_rcnn_loss=several('rpn_assign', 'rpn_nms', 'rcnn_loss'))
