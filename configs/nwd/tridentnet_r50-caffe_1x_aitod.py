# TridentNet (NWD paper, Table 4), without FPN as mmdet has it: one map of stride 16, anchors from 32 px. Its NMS sees
# one level, so more boxes go into it than elsewhere: nms_pre stays mmdet's 12,000 in training and 6,000 in the test.
# The three branches share their weights, which come with the backbone's checkpoint; mmdet cannot draw them at random.
_base_ = ['../_base_/models/tridentnet_r50-caffe.py', '../_base_/datasets/aitod.py', '../_base_/schedules/batch8_1x.py']
model = dict(
    roi_head=dict(bbox_head=dict(num_classes=8)),
    train_cfg=dict(rpn_proposal=dict(max_per_img=3000)),
    test_cfg=dict(rpn=dict(max_per_img=3000), rcnn=dict(max_per_img=3000)))
