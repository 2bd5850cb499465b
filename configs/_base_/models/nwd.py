# NWD in each module of a detector, to be merged into its model:
#     _base_ = ['./faster-rcnn_….py', '../_base_/models/nwd.py']
#     model = {{_base_.rpn_nwd}}
# Thresholds of the assigners stay the detector's own (NWD paper, 3.3). C = 12.8 px, the mean object size of AI-TOD.
# RPN-NMS at .85 and the loss weight of 10 are the released settings; .85 suppresses within 12.8 ln(1/.85) = 2.1 px.
rpn_assign_nwd = dict(train_cfg=dict(rpn=dict(assigner=dict(type='NWDAssigner', constant=12.8))))
rpn_nms_nwd = dict(
    train_cfg=dict(rpn_proposal=dict(nms=dict(type='nwd_nms', iou_threshold=0.85, constant=12.8))),
    test_cfg=dict(rpn=dict(nms=dict(type='nwd_nms', iou_threshold=0.85, constant=12.8))))
rpn_loss_nwd = dict(
    rpn_head=dict(
        reg_decoded_bbox=True,
        loss_bbox=dict(_delete_=True, type='NWDLoss', constant=12.8, loss_weight=10.0)))

rcnn_assign_nwd = dict(train_cfg=dict(rcnn=dict(assigner=dict(type='NWDAssigner', constant=12.8))))
rcnn_nms_nwd = dict(test_cfg=dict(rcnn=dict(nms=dict(type='nwd_nms', iou_threshold=0.5, constant=12.8))))
rcnn_loss_nwd = dict(
    roi_head=dict(
        bbox_head=dict(
            reg_decoded_bbox=True,
            loss_bbox=dict(_delete_=True, type='NWDLoss', constant=12.8, loss_weight=10.0))))

# One kind of module in both stages (Table 1).
assign_nwd = dict(train_cfg=dict(**rpn_assign_nwd['train_cfg'], **rcnn_assign_nwd['train_cfg']))
loss_nwd = dict(**rpn_loss_nwd, **rcnn_loss_nwd)

# All of the RPN, the paper's best at 12 epochs (Table 3).
rpn_nwd = dict(
    rpn_head=rpn_loss_nwd['rpn_head'],
    train_cfg=dict(**rpn_assign_nwd['train_cfg'], **rpn_nms_nwd['train_cfg']),
    test_cfg=rpn_nms_nwd['test_cfg'])
rcnn_nwd = dict(
    roi_head=rcnn_loss_nwd['roi_head'],
    train_cfg=rcnn_assign_nwd['train_cfg'],
    test_cfg=rcnn_nms_nwd['test_cfg'])
# All six modules.
rpn_rcnn_nwd = dict(
    rpn_head=rpn_nwd['rpn_head'],
    roi_head=rcnn_nwd['roi_head'],
    train_cfg=dict(**rpn_nwd['train_cfg'], **rcnn_nwd['train_cfg']),
    test_cfg=dict(**rpn_nwd['test_cfg'], **rcnn_nwd['test_cfg']))
# Assignment and NMS of the RPN, loss of the R-CNN stage: the log behind the paper's best at 24 epochs.
rpn_assign_nms_rcnn_loss_nwd = dict(
    roi_head=rcnn_nwd['roi_head'], train_cfg=rpn_nwd['train_cfg'], test_cfg=rpn_nwd['test_cfg'])
# The released DetectoRS has half the weight on the loss.
rpn_nwd_loss5 = dict(
    rpn_head=dict(
        reg_decoded_bbox=True,
        loss_bbox=dict(_delete_=True, type='NWDLoss', constant=12.8, loss_weight=5.0)),
    train_cfg=rpn_nwd['train_cfg'],
    test_cfg=rpn_nwd['test_cfg'])

# One-stage detectors: the assigner of RetinaNet, the loss of ATSS with the weight of its GIoU loss.
dense_assign_nwd = dict(train_cfg=dict(assigner=dict(type='NWDAssigner', constant=12.8)))
dense_loss_nwd = dict(bbox_head=dict(loss_bbox=dict(_delete_=True, type='NWDLoss', constant=12.8, loss_weight=2.0)))
