# M-CenterNet (NWD paper, Table 4): several centre points for every object.
_base_ = './centernet_r50-dcnv2_1x_aitod.py'
model = dict(bbox_head=dict(type='MultiCentreHead', num_centres=4))
