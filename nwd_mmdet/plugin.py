"""What importing the package does: every component is registered with mmdet, and what mmdet lacks here is served."""

import mmdet

from nwd_mmdet.stack import checkpoints, mmcv_ops
from nwd_mmdet.stack.metafiles import read_metafiles_once
from nwd_mmdet.stack.quiet import quiet_annotations, quiet_import

if not mmdet.__version__.startswith('3.'):
    raise ImportError(f'found mmdet {mmdet.__version__}')
mmcv_ops.install()  # must stand in for mmcv._ext before anything imports mmdet.models

with quiet_import():
    from nwd_mmdet import (  # noqa: F401  importing is what registers
        alpha_iou_losses,
        assigners,
        classwise_bbox_head,
        config,
        datasets,
        dense_heads,
        entry_points,
        evaluation,
        hooks,
        losses,
        neighbors,
        nms,
        overlap_nms,
        overlaps,
        registry,
        settings,
        visualizer,
        yolov5_pafpn,
    )

checkpoints.allow_mmengine_globals()
checkpoints.refuse_code()
quiet_annotations()
nms.bind_in_mmcv()
settings.check_models_when_built()
entry_points.resolve_in_entry_points()
read_metafiles_once()
