# NWD in the box loss: the paper's ATSS* (Table 4). The assigner compares by IoU, as released.
_base_ = ['./atss_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.dense_loss}}
