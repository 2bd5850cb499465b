# The FCOS counterpart: the same towers, data and budget.
_base_ = ['../dw/dw_r18-small_fpn_synthetic.py', '../_base_/models/fcos-head_stride4.py']
model = {{_base_.fcos_head}}
