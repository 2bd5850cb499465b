"""Measure this package against the published formulas and against torchvision and pycocotools, in one run.

Prints a Markdown table, and with --out writes it to a file. Every row is a ratio of medians of the same run; memory is
the peak above the inputs. `make bench` runs all rows on the CPU into docs/performance.md.
"""

import argparse
import contextlib
import copy
import ctypes
import io
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import torch
import torchvision

import nwd_mmdet  # noqa: F401  before mmdet.models, whose operators it may have to serve

# isort: split
from dense_dual_weighting import dense_dual_weighting_loss
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.analysis.imbalance.loss_calls import recorded_losses
from nwd_mmdet.assigners import NWDAssigner
from nwd_mmdet.datasets.synthetic import draw
from nwd_mmdet.dense_heads import DWHead
from nwd_mmdet.evaluation import Detections, GroundTruth, evaluate
from nwd_mmdet.hooks import sample_scalars
from nwd_mmdet.losses import NWDLoss
from nwd_mmdet.nms import nwd_nms

CONSTANT = 12.8
CLEAR_REFS = Path('/proc/self/clear_refs')  # Linux alone can reset the peak of a process
PAGE = """# Speed and memory

Measured by `python tools/benchmark.py --device {device} --out docs/performance.md` on

> {environment}

Each row is one run of both sides on the same machine: trust the ratios, not the milliseconds. Memory is the peak above
the inputs.

{table}

* **Assigner.** "NWD >= t" says that two boxes lie within a fixed distance, so a grid over the objects' centres finds
  the few pairs that matter; the published path computes all of them. The assignments are equal to the last bit
  (`tests/assigners/test_nwd_assigner.py`).
* **NMS.** Greedy and exact: a hash grid of the kept boxes, so each box is compared with its neighbours alone. The
  baseline computes IoU and so keeps other boxes; there is no public NWD-NMS for a CPU to compare with. For boxes on a
  GPU the search runs on the CPU as well.
* **Loss.** One backward for all coordinates.
* **Dual weighting.** The released code compares every point with every object, and loops over the objects; here the
  pairs inside the candidate bags alone are ever held. The losses are equal (`tests/tools/test_benchmark.py`).
* **ImbalanceHook** records one step of 50 by default, so it costs a fiftieth of the difference.
* **Evaluation.** faster-coco-eval, with oLRP on top, which pycocotools lacks.

{gpu}
"""


class Row(NamedTuple):
    """One comparison: ours against a baseline, each a function to time; or ours alone."""

    what: str
    baseline_name: str
    baseline: Callable[[], object] | None
    ours: Callable[[], object]
    repeats: int = 5


def published_nwd(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """NWD as the paper's eq. 7 and 8 and the released code have it: on centres and sizes, 1e-6 inside the root."""
    centres1, centres2 = ((b[..., :2] + b[..., 2:]) / 2 for b in (boxes1, boxes2))
    sizes1, sizes2 = (b[..., 2:] - b[..., :2] for b in (boxes1, boxes2))
    wasserstein = ((centres1 - centres2) ** 2).sum(-1) + ((sizes1 - sizes2) ** 2).sum(-1) / 4
    return torch.exp(-torch.sqrt(wasserstein + 1e-6) / CONSTANT)


@TASK_UTILS.register_module()
class PublishedNWDCalculator:
    """The published formula, broadcast over all pairs, for mmdet's MaxIoUAssigner."""

    def __call__(self, boxes1: Tensor, boxes2: Tensor, mode: str = 'iou', is_aligned: bool = False) -> Tensor:
        return published_nwd(boxes1[:, None], boxes2[None])


def draw_objects(count: int, size: int = 800) -> Tensor:
    """Boxes with sizes as AI-TOD's: 12 px, most between 4 and 32."""
    centres = torch.rand(count, 2) * size
    sizes = (torch.randn(count, 2) * 0.45 + 2.4).exp()
    return torch.cat([centres - sizes / 2, centres + sizes / 2], 1)


def draw_detections(count: int, size: int = 800) -> tuple[Tensor, Tensor]:
    """Boxes as a detector gives them before NMS: 20 an object, scores that go with their quality."""
    objects = draw_objects(count // 20, size)
    noise = torch.randn(count, 4) * 1.5
    boxes = objects[torch.randint(len(objects), (count,))] + noise
    boxes[:, 2:] = torch.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return boxes, (-noise.abs().mean(1) + 0.3 * torch.randn(count)).sigmoid()


def assigner_rows(device: str, objects: int = 2667) -> list[Row]:
    """AI-TOD's fullest image: 2,667 objects, the 159,882 anchors of 800 x 800 px at 2 x stride."""
    generator = AnchorGenerator(scales=[2], ratios=[0.5, 1.0, 2.0], strides=[4, 8, 16, 32, 64])
    shapes = [(-(-800 // stride),) * 2 for stride in (4, 8, 16, 32, 64)]
    priors = InstanceData(priors=torch.cat(generator.grid_priors(shapes, device=device)))
    gts = InstanceData(
        bboxes=draw_objects(objects).to(device), labels=torch.zeros(objects, dtype=torch.long, device=device)
    )
    thresholds = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)
    published = MaxIoUAssigner(**thresholds, iou_calculator=dict(type='PublishedNWDCalculator'))
    ours = NWDAssigner(**thresholds, constant=CONSTANT)
    return [
        Row(
            f'NWDAssigner, {objects:,} gts × {len(priors):,} anchors',
            'published formula in MaxIoUAssigner',
            lambda: published.assign(priors, gts),
            lambda: ours.assign(priors, gts),
            repeats=3,
        )
    ]


def nms_rows(device: str) -> list[Row]:
    """torchvision's IoU NMS on the same boxes at the same threshold."""
    rows = []
    for count in (3_000, 30_000):
        boxes, scores = (tensor.to(device) for tensor in draw_detections(count))
        for threshold in (0.5, 0.85):
            rows.append(
                Row(
                    f'nwd_nms, {count:,} boxes, threshold {threshold}',
                    "torchvision's IoU nms",
                    lambda b=boxes, s=scores, t=threshold: torchvision.ops.nms(b, s, t),
                    lambda b=boxes, s=scores, t=threshold: nwd_nms(b, s, t, CONSTANT),
                )
            )
    return rows


def loss_rows(device: str) -> list[Row]:
    """Forward and backward."""
    target = draw_objects(20_000).to(device)
    pred = (target + torch.randn_like(target)).requires_grad_()
    ours = NWDLoss(CONSTANT)

    def step(loss: Callable[[], Tensor]) -> None:
        pred.grad = None
        loss().backward()

    return [
        Row(
            'NWDLoss forward + backward, 20,000 pairs',
            'published formula',
            lambda: step(lambda: (1 - published_nwd(pred, target)).mean()),
            lambda: step(lambda: ours(pred, target)),
            repeats=50,
        )
    ]


def evaluation_rows(device: str) -> list[Row]:
    """The AI-TOD protocol; ours includes oLRP, which pycocotools does not have."""
    images, gts, detections, classes = 200, 300, 1500, 8
    objects = draw_objects(images * gts)
    found = objects.reshape(images, gts, 4).repeat(1, detections // gts, 1).reshape(-1, 4)
    found = found + torch.randn(len(found), 4) * 2
    found[:, 2:] = torch.maximum(found[:, 2:], found[:, :2] + 1)
    labels = torch.randint(1, classes + 1, (images, gts))
    scores = torch.rand(len(found))
    gt_rows = torch.cat([objects[:, :2], objects[:, 2:] - objects[:, :2]], 1).tolist()
    dt_rows = torch.cat([found[:, :2], found[:, 2:] - found[:, :2]], 1).tolist()
    gt = dict(
        images=[dict(id=i, width=800, height=800) for i in range(images)],
        categories=[dict(id=c, name=f'class {c}') for c in range(1, classes + 1)],
        annotations=[
            dict(id=i + 1, image_id=i // gts, category_id=label, bbox=box, area=box[2] * box[3], iscrowd=0)
            for i, (box, label) in enumerate(zip(gt_rows, labels.flatten().tolist()))
        ],
    )
    dt_labels = labels.repeat(1, detections // gts).flatten().tolist()
    dt = [
        dict(image_id=i // detections, category_id=label, bbox=box, score=score)
        for i, (box, label, score) in enumerate(zip(dt_rows, dt_labels, scores.tolist()))
    ]
    truth = GroundTruth.from_coco(gt, 'drawn')
    arrays = Detections.from_coco(dt, truth, 'drawn')

    def reference() -> None:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        api = COCO()
        api.dataset = gt
        api.createIndex()
        evaluation = COCOeval(api, api.loadRes(dt), 'bbox')
        evaluation.params.maxDets = [1, 100, 1500]
        evaluation.params.areaRng = [[0, 1e10], [0, 64], [64, 256], [256, 1024], [1024, 1e10]]
        evaluation.params.areaRngLbl = ['all', 'vt', 't', 's', 'm']
        evaluation.evaluate()
        evaluation.accumulate()

    return [
        Row(
            f'evaluation, {images} images × {gts} objects × {detections:,} detections',
            'pycocotools',
            reference,
            lambda: evaluate(truth, arrays, 'aitod'),
            repeats=1,
        )
    ]


def dual_weighting_rows(device: str, sizes: tuple[int, ...] = (10, 100, 300, 1000, 3000)) -> list[Row]:
    """Forward and backward of the loss for one image of 1333 x 800 px, COCO's 80 classes, objects of 33 px and more.

    The baseline only for 300 objects: its matrices of points by objects would fill the memory with 3,000.
    """
    strides = [8, 16, 32, 64, 128]
    shapes = [(-(-800 // s), -(-1333 // s)) for s in strides]
    head = DWHead(80, 256, strides=strides, reg_refine=False).to(device)
    levels = [
        [(torch.randn(1, channels, *shape) - shift).to(device).requires_grad_() for shape in shapes]
        for channels, shift in ((80, 4.0), (1, 0.0))
    ]
    distances = [(torch.rand(1, 4, *shape) * 4 * s).to(device).requires_grad_() for shape, s in zip(shapes, strides)]
    priors = head.prior_generator.grid_priors(shapes, device=device, with_stride=True)
    points = torch.cat(priors)[:, :3]
    leaves = [*levels[0], *levels[1], *distances]

    def step(loss: Callable[[], Tensor]) -> None:
        for leaf in leaves:
            leaf.grad = None
        loss().backward()

    def flat(maps: list[Tensor]) -> Tensor:
        return torch.cat([level[0].flatten(1).T for level in maps])

    def dense(gts: Tensor, labels: Tensor) -> Tensor:
        sides = flat(distances)
        boxes = torch.cat([points[:, :2] - sides[:, :2], points[:, :2] + sides[:, 2:]], 1)
        return dense_dual_weighting_loss(flat(levels[0]), flat(levels[1]), boxes, points, gts, labels)

    rows = []
    for count in sizes:
        gts, labels = draw_coco_objects(count, device)
        instances = [InstanceData(bboxes=gts, labels=labels)]
        pairs = len(head.assigner.candidates(shapes, head.prior_generator.strides, [gts]).gt)
        rows.append(
            Row(
                f'dual weighting forward + backward, {len(points):,} points, {count:,} objects, {pairs:,} pairs',
                'dense formulation' if count == 300 else '–',
                (lambda g=gts, c=labels: step(lambda: dense(g, c))) if count == 300 else None,
                lambda i=instances: step(
                    lambda: sum(head.loss_by_feat(levels[0], distances, levels[1], i, [{}]).values())
                ),
                repeats=3,
            )
        )
    return rows


def hook_rows(device: str) -> list[Row]:
    """A training step of the demo's detector that ImbalanceHook records against one that it does not."""
    config = Config.fromfile(Path(__file__).parents[1] / 'configs/demo/faster-rcnn_r18-small_fpn_synthetic.py')
    init_default_scope('mmdet')
    model = MODELS.build(config.model).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    samples = []
    for index in range(4):
        drawing = draw(seed=0, split='train', index=index, size=(256, 256))
        sample = DetDataSample(metainfo=dict(img_shape=(256, 256), ori_shape=(256, 256), scale_factor=(1.0, 1.0)))
        boxes, labels = torch.from_numpy(drawing.boxes).float(), torch.from_numpy(drawing.labels)
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        sample.ignored_instances = InstanceData(bboxes=boxes[:0], labels=labels[:0])
        samples.append(sample)
    images = [torch.randint(0, 256, (3, 256, 256), dtype=torch.uint8) for _ in samples]

    def step() -> None:
        data = model.data_preprocessor(dict(inputs=images, data_samples=copy.deepcopy(samples)), training=True)
        optimizer.zero_grad()
        model.parse_losses(model(**data, mode='loss'))[0].backward()
        optimizer.step()

    def recorded_step() -> None:
        with recorded_losses(model) as calls:
            step()
        sample_scalars(calls, len(samples))

    return [Row('training step with a record of ImbalanceHook', 'the step without', step, recorded_step, repeats=15)]


def draw_coco_objects(count: int, device: str) -> tuple[Tensor, Tensor]:
    """Boxes of 33 px in the median, two thirds between 13 and 81, in an image of 1333 x 800, and their labels."""
    centres = torch.rand(count, 2) * torch.tensor([1333.0, 800])
    sizes = (torch.randn(count, 2) * 0.9 + 3.5).exp()
    boxes = torch.cat([centres - sizes / 2, centres + sizes / 2], 1)
    return boxes.to(device), torch.randint(80, (count,)).to(device)


ROWS = dict(
    assigner=assigner_rows,
    nms=nms_rows,
    loss=loss_rows,
    evaluation=evaluation_rows,
    dual_weighting=dual_weighting_rows,
    hook=hook_rows,
)


def measure(function: Callable[[], object], device: str, repeats: int) -> tuple[float, float]:
    """Median seconds of ``repeats`` calls, and MB of memory at the peak above what was there before."""
    times = []
    with contextlib.redirect_stdout(io.StringIO()):
        before = reset_peak(device)
        for _ in range(repeats):
            start = time.perf_counter()
            function()
            if device == 'cuda':
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
        memory = peak(device) - before
    return statistics.median(times), memory / 1e6


def reset_peak(device: str) -> int:
    """Bytes in use now, from which the peak counts."""
    if device == 'cuda':
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    if not CLEAR_REFS.exists():
        return 0
    ctypes.CDLL(None).malloc_trim(0)  # hand back what earlier runs freed, or it would not count when used again
    CLEAR_REFS.write_text('5')
    return peak(device)


def peak(device: str) -> int:
    """Bytes at the peak since :func:`reset_peak`."""
    if device == 'cuda':
        return torch.cuda.max_memory_allocated()
    if not CLEAR_REFS.exists():
        return 0
    status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())
    return int(status['VmHWM'].split()[0]) * 1024


def environment(device: str) -> str:
    """What the numbers were measured on."""
    processor = torch.cuda.get_device_name() if device == 'cuda' else f'{torch.get_num_threads()} CPU threads'
    return (
        f'{processor}, {platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}, '
        f'torchvision {torchvision.__version__}, numba {numba.__version__}, numpy {np.__version__}'
    )


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=sorted(ROWS), default=sorted(ROWS), help='parts to measure')
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    parser.add_argument('--out', type=Path, help='file for the table, e.g. docs/performance.md')
    return parser.parse_args()


def format_seconds(seconds: float) -> str:
    """With three digits, in ms below a second."""
    return f'{seconds:.3g} s' if seconds >= 1 else f'{seconds * 1e3:.3g} ms'


def main() -> None:
    """Measure and print."""
    args = parse_args()
    lines = ['| what | baseline | baseline time | time | faster | baseline memory | memory |', '|---' * 7 + '|']
    print('\n'.join(lines))
    for part in args.only:
        torch.manual_seed(0)
        for row in ROWS[part](args.device):
            row.ours()  # compiles
            seconds, memory = measure(row.ours, args.device, 5 * row.repeats)
            baseline_time = ratio = baseline_memory = '–'
            if row.baseline is not None:
                baseline_seconds, megabytes = measure(row.baseline, args.device, row.repeats)
                baseline_time, baseline_memory = format_seconds(baseline_seconds), f'{megabytes:,.0f} MB'
                ratio = f'**{baseline_seconds / seconds:.3g} ×**'
            lines.append(
                f'| {row.what} | {row.baseline_name} | {baseline_time} | {format_seconds(seconds)} | {ratio} '
                f'| {baseline_memory} | {memory:,.0f} MB |'
            )
            print(lines[-1], flush=True)
    print(f'\n{environment(args.device)}')
    if args.out:
        gpu = '' if args.device == 'cuda' else 'Not run on a GPU yet; `--device cuda` prints the same table there.'
        args.out.write_text(
            PAGE.format(gpu=gpu, device=args.device, environment=environment(args.device), table='\n'.join(lines))
        )
        print(f'Written to {args.out}')


if __name__ == '__main__':
    main()
