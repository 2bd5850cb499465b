# NWD in the assignment: the paper's RetinaNet* (Table 4).
_base_ = ['./retinanet_r50_fpn_1x_aitod.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.dense_assign}}
