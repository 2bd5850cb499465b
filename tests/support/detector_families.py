"""One config of each family of detectors, and its model as small as a training step on a CPU needs it."""

import torch
from detectors import DEMO, build_small
from torch import nn

TWO_STAGE = ('rpn_head.rpn_reg.weight', 'roi_head.bbox_head.fc_reg.weight')
CASCADE = ('rpn_head.rpn_reg.weight', *(f'roi_head.bbox_head.{stage}.fc_reg.weight' for stage in range(3)))
R18 = {'backbone.depth': 18, 'neck.in_channels': [64, 128, 256, 512]}
FEW = {'train_cfg.rpn_proposal.max_per_img': 200}
FASTER = {**R18, **FEW, 'train_cfg.rcnn.sampler.num': 64, 'roi_head.bbox_head.fc_out_channels': 32}
NARROW_CASCADE = {
    **FEW,
    **{f'train_cfg.rcnn.{stage}.sampler.num': 64 for stage in range(3)},
    **{f'roi_head.bbox_head.{stage}.fc_out_channels': 32 for stage in range(3)},
}
# config: side of the images in px, what makes it smaller, and weights of the last layers that regress boxes
STEPPED = {
    'demo/faster-rcnn_r18-small_fpn_synthetic': (128, {}, TWO_STAGE),
    DEMO: (128, {}, TWO_STAGE),
    'nwd/faster-rcnn_r18-small_fpn_rpn-nwd_12e_sirst': (128, {}, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_rpn-rcnn-nwd_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_assign-giou_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_rpn-nms-diou_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_loss-ciou_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/cascade-rcnn_r50_fpn_rpn-nwd_1x_aitod': (128, {**R18, **NARROW_CASCADE}, CASCADE),
    # its blocks are those of ResNet-50 and deeper; its coarsest map has to have 3 px
    'nwd/detectors_cascade-rcnn_r50_rpn-nwd_anchor4_1x_aitod': (96, NARROW_CASCADE, CASCADE),
    # add_gt_as_proposals is off in it, so that untrained there may be no positive proposal
    'nwd/tridentnet_r50-caffe_1x_aitod': (
        64,
        {'train_cfg.rpn_proposal.max_per_img': 20, 'train_cfg.rcnn.sampler.num': 8},
        ('rpn_head.rpn_reg.weight', 'backbone.layer3.0.conv2.weight'),
    ),
    'nwd/retinanet_r50_fpn_assign-nwd_1x_aitod': (128, R18, ('bbox_head.retina_reg.weight',)),
    'nwd/atss_r50_fpn_loss-nwd_1x_aitod': (128, R18, ('bbox_head.atss_reg.weight',)),
    'nwd/fcos_r50-caffe_fpn_1x_aitod': (128, R18, ('bbox_head.conv_reg.weight',)),
    'nwd/fovea_r50_fpn_1x_aitod': (128, R18, ('bbox_head.conv_reg.weight',)),
    'nwd/reppoints-moment_r50_fpn_1x_aitod': (128, R18, ('bbox_head.reppoints_pts_refine_out.weight',)),
    # 264 px is the least with which its last map is not empty
    'nwd/ssd512_1x_aitod': (264, {}, ('bbox_head.reg_convs.0.0.weight',)),
    'nwd/centernet_r50-dcnv2_1x_aitod': (
        128,
        {'backbone.depth': 18, 'neck.in_channels': 512},
        ('bbox_head.wh_head.2.weight', 'bbox_head.offset_head.2.weight'),
    ),
    'nwd/m-centernet_r50-dcnv2_1x_aitod': (
        128,
        {'backbone.depth': 18, 'neck.in_channels': 512},
        ('bbox_head.wh_head.2.weight', 'bbox_head.offset_head.2.weight'),
    ),
    'alpha_iou/faster-rcnn_r50_fpn_alpha-ciou_1x_coco': (128, FASTER, TWO_STAGE),
    'alpha_iou/faster-rcnn_r50_fpn_rpn-nwd_alpha-nwd_1x_aitod': (128, FASTER, TWO_STAGE),
    'alpha_iou/yolov5-s_alpha-diou_300e_voc0712': (128, {}, ('bbox_head.convs.0.weight',)),
    'alpha_iou/yolov5-x_alpha-iou_300e_coco': (64, {}, ('bbox_head.convs.0.weight',)),
    'alpha_iou/detr_r50_alpha-iou_150e_coco': (
        128,
        {'backbone.depth': 18, 'neck.in_channels': [512], 'encoder.num_layers': 1, 'decoder.num_layers': 1},
        ('bbox_head.fc_reg.weight',),
    ),
    'alpha_iou/fcos_r18-small_fpn_alpha-iou_noise0.1_synthetic': (128, {}, ('bbox_head.conv_reg.weight',)),
    'imbalance/faster-rcnn_r18-small_fpn_ohem_anchor2_synthetic': (128, {}, TWO_STAGE),
    'imbalance/faster-rcnn_r18-small_fpn_libra_anchor2_synthetic': (128, {}, TWO_STAGE),
    'imbalance/faster-rcnn_r50_fpn_pisa_1x_aitod': (128, FASTER, TWO_STAGE),
    'imbalance/retinanet_r50_fpn_ghm_1x_aitod': (128, R18, ('bbox_head.retina_reg.weight',)),
    'fcos/fcos_r18-small_fpn_synthetic': (128, {}, ('bbox_head.conv_reg.weight',)),
    'dw/dw_r18-small_fpn_synthetic': (128, {}, ('bbox_head.conv_reg.weight', 'bbox_head.reg_offset.weight')),
    'dw/dw-nwd_r50_fpn_p2_1x_aitod': (128, R18, ('bbox_head.conv_reg.weight',)),
    'dw/dw_r50_fpn_paper_worefine_1x_coco': (128, R18, ('bbox_head.conv_reg.weight',)),
    'dw/dw_r50-dcn_fpn_ms-2x_coco': (64, {}, ('bbox_head.conv_reg.weight', 'bbox_head.reg_offset.weight')),
    'dw/dw-tood_x101-64x4d_fpn_ms-2x_coco': (
        64,
        {'backbone.depth': 50, 'backbone.groups': 1, 'backbone.base_width': 16},
        ('bbox_head.tood_reg.weight',),
    ),
}


def build_family(name: str) -> nn.Module:
    """Build it with random weights, without a download, as small as the table of families says."""
    model = build_small(name, **{key.replace('.', '__'): value for key, value in STEPPED[name][1].items()})
    for module in model.modules():
        # What a checkpoint or the runner would set: the first two leave weights as they were in memory.
        if type(module).__name__ == 'TridentConv':
            torch.nn.init.kaiming_uniform_(module.weight)
        elif type(module).__name__ == 'L2Norm':
            torch.nn.init.constant_(module.weight, module.scale)
        elif hasattr(module, 'weight_gamma'):  # standardised weights, whose scale is set when they are loaded
            module.load_state_dict({'weight': module.weight}, strict=False)
    return model
