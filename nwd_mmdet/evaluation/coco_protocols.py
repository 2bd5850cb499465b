"""Evaluation protocols of COCO's kind: which sizes, and how many detections count."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_THRESHOLDS = np.linspace(0, 1, 101)
# The largest area in COCO's and AI-TOD's evaluators, px²: "no limit".
NO_LIMIT = 1e10


@dataclass(frozen=True)
class Protocol:
    """What is counted.

    Attributes:
        sizes: Name → smallest and largest area in px², both inclusive: an object on the limit counts in two sizes.
        max_dets: Numbers of detections per image and class, ascending. AR is given at each of them, everything else
            at the last.
    """

    sizes: Mapping[str, tuple[float, float]]
    max_dets: tuple[int, ...]


_AITOD_SIZES = {'vt': (0, 8**2), 't': (8**2, 16**2), 's': (16**2, 32**2), 'm': (32**2, NO_LIMIT)}

#: The protocols by name.
#:
#: * ``aitod``: AI-TOD v1 and v2 (Wang et al., "Tiny Object Detection in Aerial Images", ICPR 2020), as in the authors'
#:   evaluator: very tiny, tiny, small, medium.
#: * ``visdrone``: what the NWD, NWD-RKA and RFLA papers report on VisDrone-DET val: AI-TOD's sizes, 1,500 detections,
#:   AR at 100, 300 and 1500. Neither the VisDrone toolkit's protocol (``visdrone-official``,
#:   :mod:`nwd_mmdet.evaluation.visdrone_toolkit`) nor that of the DETR papers (500 detections, COCO's sizes). Regions
#:   to ignore count as such where the annotation file marks them ``iscrowd``.
#: * ``coco``: COCO detection.
PROTOCOLS = {
    'aitod': Protocol(_AITOD_SIZES, (1, 100, 1500)),
    'visdrone': Protocol(_AITOD_SIZES, (100, 300, 1500)),
    'coco': Protocol({'s': (0, 32**2), 'm': (32**2, 96**2), 'l': (96**2, NO_LIMIT)}, (1, 10, 100)),
}


def get_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        ValueError: If there is none, with the names there are.
    """
    if name not in PROTOCOLS:
        raise ValueError(f'protocol={name!r} is unknown; choose from {sorted(PROTOCOLS)}')
    return PROTOCOLS[name]
