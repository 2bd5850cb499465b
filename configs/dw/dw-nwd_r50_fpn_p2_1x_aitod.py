# NWD in P_neg and in the regression loss.
_base_ = ['./dw_r50_fpn_p2_1x_aitod.py', '../_base_/models/dw.py']
model = {{_base_.dw.nwd}}
