# A variant of dual weighting, to be merged into a model with a DWHead:
#     _base_ = ['./dw_….py', '../_base_/models/dw.py']
#     model = {{_base_.dw.nwd}}
dw = dict(
    _fragment_=True,
    # NWD in the consistency, in P_neg and in the regression loss, and a point for every object: for tiny objects.
    nwd=dict(
        bbox_head=dict(
            assigner=dict(
                type='DWAssigner', overlap='nwd', overlap_params=dict(constant=12.8), nearest_point=True),
            loss_bbox=dict(_delete_=True, type='NWDLoss', constant=12.8, loss_weight=1.0))))
