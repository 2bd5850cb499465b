"""The imbalance problems, and what helps: the review's taxonomy, and where each method is at hand.

Oksuz, Cam, Kalkan, Akbas, "Imbalance Problems in Object Detection: A Review", TPAMI 2020, Table 1 and Figure 2.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remedy:
    """A method against an imbalance problem.

    Attributes:
        method: Its name, as in the review where that lists it.
        where: A config that has it: ``mmdet::…`` or a path of this project; empty if neither has.
        reviewed: Whether the review lists it; others came later.
    """

    method: str
    where: str = ''
    reviewed: bool = True


@dataclass(frozen=True)
class Problem:
    """One of the problems.

    Attributes:
        title: As in the review.
        section: Of the review.
        meaning: What it is, in a sentence or two.
        remedies: What helps.
    """

    title: str
    section: str
    meaning: str
    remedies: tuple[Remedy, ...]


#: The eight problems of the review and its open issues on places, by key, in its order.
PROBLEMS = {
    'foreground_background': Problem(
        'Foreground and background',
        '4.1',
        'Nearly all priors are background. Without sampling or weights their many small losses drown those of the '
        'objects.',
        (
            Remedy('random sampling', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'),
            Remedy('SSD: hard negatives', 'mmdet::ssd/ssd300_coco.py'),
            Remedy('OHEM', 'configs/imbalance/faster-rcnn_r50_fpn_ohem_1x_aitod.py'),
            Remedy('IoU-balanced sampling (Libra R-CNN)', 'configs/imbalance/faster-rcnn_r50_fpn_libra_1x_aitod.py'),
            Remedy('focal loss', 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'),
            Remedy('gradient harmonising (GHM)', 'configs/imbalance/retinanet_r50_fpn_ghm_1x_aitod.py'),
            Remedy('prime samples (PISA)', 'configs/imbalance/faster-rcnn_r50_fpn_pisa_1x_aitod.py'),
            Remedy('dual weighting', 'configs/dw/dw_r50_fpn_1x_coco.py', reviewed=False),
            Remedy('AP loss, DR loss, residual objectness, objectness prior'),
        ),
    ),
    'classes_dataset': Problem(
        'Classes in the data set',
        '4.2.1',
        'Some classes have many more objects than others, and detectors are worse at the rare ones.',
        (
            Remedy(
                'repeating images of rare classes', 'configs/imbalance/faster-rcnn_r50_fpn_class-balanced_1x_aitod.py'
            ),
            Remedy(
                'seesaw loss',
                'mmdet::seesaw_loss/mask-rcnn_r50_fpn_seesaw-loss_random-ms-2x_lvis-v1.py',
                reviewed=False,
            ),
            Remedy(
                'copy and paste',
                'mmdet::simple_copy_paste/mask-rcnn_r50_fpn_rpn-2conv_4conv1fc_syncbn-all_32xb2-ssj-scp-90k_coco.py',
                reviewed=False,
            ),
            Remedy('fine-tuning on long tails, generative methods'),
        ),
    ),
    'classes_batch': Problem(
        'Classes in a batch',
        '4.2.2',
        'A batch holds few of the classes, so each step learns about those alone.',
        (
            Remedy('images drawn by class', 'mmdet::openimages/faster-rcnn_r50_fpn_32xb2-cas-1x_openimages.py', False),
            Remedy('online foreground balanced sampling'),
        ),
    ),
    'box_scale': Problem(
        'Sizes of objects',
        '5.1',
        'Sizes are spread unevenly, and small objects get fewer priors and fewer pixels of the coarse maps.',
        (
            Remedy('predictions from several maps (SSD)', 'mmdet::ssd/ssd512_coco.py'),
            Remedy('feature pyramid (FPN)', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'),
            Remedy('scale-aware branches (TridentNet)', 'mmdet::tridentnet/tridentnet_r50-caffe_1x_coco.py'),
            Remedy('images at several scales', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_ms-3x_coco.py'),
            Remedy('level chosen for each object (FSAF)', 'mmdet::fsaf/fsaf_r50_fpn_1x_coco.py', reviewed=False),
            Remedy(
                'NWD in assigning tiny objects', 'configs/nwd/faster-rcnn_r50_fpn_rpn-nwd_1x_aitod.py', reviewed=False
            ),
            Remedy('SNIP, SNIPER, scale-aware trident images'),
        ),
    ),
    'feature_level': Problem(
        'Levels of the pyramid',
        '5.2',
        'The maps that the head sees differ in how abstract they are, how many objects they serve and how strongly '
        'they are trained.',
        (
            Remedy('bottom-up path (PANet)', 'mmdet::pafpn/faster-rcnn_r50_pafpn_1x_coco.py'),
            Remedy('balanced pyramid (Libra R-CNN)', 'mmdet::libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco.py'),
            Remedy('searched pyramid (NAS-FPN)', 'mmdet::nas_fpn/retinanet_r50_nasfpn_crop640-50e_coco.py'),
            Remedy('feature pyramid grids', 'mmdet::fpg/faster-rcnn_r50_fpg_crop640-50e_coco.py', reviewed=False),
            Remedy(
                'recursive pyramid (DetectoRS)',
                'mmdet::detectors/detectors_cascade-rcnn_r50_1x_coco.py',
                reviewed=False,
            ),
            Remedy('STDN, parallel FPN, deep reconfiguration, Zoom Out-and-In, M2Det'),
        ),
    ),
    'regression_loss': Problem(
        'Regression loss',
        '6.1',
        'A few badly placed boxes can hold most of the loss, or the many nearly right ones.',
        (
            Remedy('smooth L1', 'mmdet::fast_rcnn/fast-rcnn_r50_fpn_1x_coco.py'),
            Remedy('balanced L1 (Libra R-CNN)', 'configs/imbalance/faster-rcnn_r50_fpn_libra_1x_aitod.py'),
            Remedy('GHM-R', 'mmdet::ghm/retinanet_r50_fpn_ghm-1x_coco.py'),
            Remedy('IoU loss', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_iou_1x_coco.py'),
            Remedy('bounded IoU loss', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_bounded-iou_1x_coco.py'),
            Remedy('GIoU loss', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_giou_1x_coco.py'),
            Remedy('DIoU and CIoU loss', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_ciou_1x_coco.py'),
            Remedy('alpha-IoU loss', 'configs/alpha_iou/faster-rcnn_r50_fpn_alpha-iou_1x_coco.py', reviewed=False),
            Remedy('NWD loss', 'configs/nwd/faster-rcnn_r50_fpn_loss-nwd_1x_aitod.py', reviewed=False),
            Remedy('KL loss'),
        ),
    ),
    'iou_distribution': Problem(
        'Overlaps of the positives',
        '6.2',
        'Most positives barely pass the threshold, so the regressor learns for boxes unlike those that it gets.',
        (
            Remedy('cascade', 'mmdet::cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py'),
            Remedy('refined anchors', 'mmdet::guided_anchoring/ga-faster-rcnn_r50_fpn_1x_coco.py', reviewed=False),
            Remedy('thresholds that follow', 'mmdet::dynamic_rcnn/dynamic-rcnn_r50_fpn_1x_coco.py', reviewed=False),
            Remedy('thresholds from statistics (ATSS)', 'mmdet::atss/atss_r50_fpn_1x_coco.py', reviewed=False),
            Remedy('box refinement', 'configs/dw/dw_r50_fpn_1x_coco.py', reviewed=False),
            Remedy('hierarchical shot detector, IoU-uniform R-CNN, pRoI generator'),
        ),
    ),
    'location': Problem(
        'Places in the image',
        '6.3',
        'Objects gather in some parts of the image, while priors lie everywhere alike.',
        (
            Remedy('guided anchoring', 'mmdet::guided_anchoring/ga-faster-rcnn_r50_fpn_1x_coco.py'),
            Remedy('learned anchor matching (FreeAnchor)', 'mmdet::free_anchor/freeanchor_r50_fpn_1x_coco.py'),
        ),
    ),
    'relative_location': Problem(
        'Places of positives in their objects, and pixels that many boxes share',
        '6.5.4 and 6.5.5',
        'Open issues of the review: positives may lie on one side of their objects, and some pixels are trained on far '
        'more often than others.',
        (),
    ),
    'objective': Problem(
        'Objectives',
        '7',
        'Classification and regression losses differ in range, in the gradients they send and in how fast they fall.',
        (
            Remedy('weights of the losses', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_giou_1x_coco.py'),
            Remedy('classification-aware regression (PISA)', 'mmdet::pisa/faster-rcnn_r50_fpn_pisa_1x_coco.py'),
            Remedy('task-aligned heads (TOOD)', 'mmdet::tood/tood_r50_fpn_1x_coco.py', reviewed=False),
            Remedy('guided loss'),
        ),
    ),
}
