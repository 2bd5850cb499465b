# Dual weighting with NWD in place of IoU in P_neg and of GIoU in the regression loss; every object gets a point.
_base_ = ['./dw_r18-small_fpn_worefine_12e_sirst.py', '../_base_/models/dw.py']
model = {{_base_.dw.nwd}}
