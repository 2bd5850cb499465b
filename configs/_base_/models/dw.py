# Variants of dual weighting, to be merged into a model with a DWHead:
#     _base_ = ['./dw_….py', '../_base_/models/dw.py']
#     model = {{_base_.dw_nwd}}
# NWD in the consistency, in P_neg and in the regression loss, and a point for every object: for tiny objects.
dw_nwd = dict(
    bbox_head=dict(
        assigner=dict(
            type='DWAssigner', overlap='nwd', overlap_params=dict(constant=12.8), nearest_point=True),
        loss_bbox=dict(_delete_=True, type='NWDLoss', constant=12.8, loss_weight=1.0)))
# The same on an R-50 FPN, from stride 4 on.
dw_nwd_p2 = dict(
    neck=dict(start_level=0),
    bbox_head=dict(strides=[4, 8, 16, 32, 64], **dw_nwd['bbox_head']))
