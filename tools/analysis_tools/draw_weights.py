"""Draw what dual weighting gives around an object: score, IoU and weights, beside those of GFL and VFL.

Usage: python tools/analysis_tools/draw_weights.py CONFIG CHECKPOINT --out OUT.png [--image NAME] [--object INDEX]
"""

import argparse
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
import torch
from mmdet.apis import init_detector
from mmdet.registry import DATASETS
from mmengine.dataset import pseudo_collate

from nwd_mmdet.analysis.figures.dual_weighting import draw_weight_maps
from nwd_mmdet.analysis.weight_maps import weight_maps
from nwd_mmdet.config import read_config
from nwd_mmdet.launch import check_checkpoint, explained_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('config', help='config of a detector with a DWHead')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--out', type=Path, required=True, help='picture to write: .png, .svg, .pdf')
    parser.add_argument('--image', metavar='NAME', help='file name of a test image; default: the first with objects')
    parser.add_argument('--object', type=int, metavar='INDEX', help='number of the object; default: the largest')
    return parser.parse_args()


def find_image(dataset: torch.utils.data.Dataset, name: str | None) -> int:
    """Index of the image of that name, or of the first with objects."""
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if Path(info['img_path']).name == name or (name is None and info['instances']):
            return index
    raise SystemExit(f'draw_weights.py: --image {name} is none of the {len(dataset):,} test images')


def main() -> None:
    """Draw the picture."""
    args = parse_args()
    with explained_errors(lambda: 'Nothing was written.'):
        cfg = read_config(args.config)
        check_checkpoint(args.checkpoint)
        detector = init_detector(cfg, args.checkpoint, device='cuda' if torch.cuda.is_available() else 'cpu')
        if not hasattr(detector.bbox_head, 'assigner') or not hasattr(detector.bbox_head.assigner, 'candidates'):
            raise SystemExit(f'draw_weights.py: {args.config} has no DWHead but {type(detector.bbox_head).__name__}')
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        data = detector.data_preprocessor(pseudo_collate([dataset[find_image(dataset, args.image)]]))
        objects = data['data_samples'][0].gt_instances.to(next(detector.parameters()).device)
        if not len(objects):
            raise SystemExit(f'draw_weights.py: --image {args.image} has no objects')
        sizes = (objects.bboxes[:, 2:] - objects.bboxes[:, :2]).prod(1)
        index = int(sizes.argmax()) if args.object is None else args.object
        if not 0 <= index < len(objects):
            raise SystemExit(f'draw_weights.py: --object {index} is none of the {len(objects)} objects of the image')
        try:
            maps = weight_maps(detector, data['inputs'], objects, index)
        except ValueError as error:
            raise SystemExit(f'draw_weights.py: {error}') from None
    preprocessor = detector.data_preprocessor
    image = (data['inputs'][0] * preprocessor.std + preprocessor.mean).clamp(0, 255).byte()
    box = objects.bboxes[index].tolist()
    name = dataset.metainfo['classes'][int(objects.labels[index])]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    title = f'{name}, {sizes[index].sqrt():.0f} px, stride {maps.stride}'
    draw_weight_maps(args.out, image.permute(1, 2, 0).cpu().numpy(), tuple(box), title, maps)
    print(args.out)


if __name__ == '__main__':
    main()
