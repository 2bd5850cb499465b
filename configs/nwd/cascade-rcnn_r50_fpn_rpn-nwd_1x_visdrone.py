# NWD in the RPN: the paper's Cascade R-CNN* on VisDrone (Table 5). C stays the 12.8 px of AI-TOD, in pixels of the
# resized image: the paper names no other, though the objects are larger here (README.md).
_base_ = ['./cascade-rcnn_r50_fpn_1x_visdrone.py', '../_base_/models/nwd.py']
model = {{_base_.nwd.rpn}}
