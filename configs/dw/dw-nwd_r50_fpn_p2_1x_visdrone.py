# For tiny objects: from stride 4 on, a point for every object, NWD in P_neg and in the regression loss.
_base_ = ['./dw_r50_fpn_1x_visdrone.py', '../_base_/models/dw.py']
model = {{_base_.dw_nwd_p2}}
