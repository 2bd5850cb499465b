"""Draw the weights of dual weighting around an object, beside those of GFL and VFL."""

import argparse
from pathlib import Path

from nwd_mmdet.commands.arguments import add_trust


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_trust(parser)
    parser.add_argument('config', help='config of a detector with a DWHead')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--out', type=Path, required=True, help='picture to write: .png, .svg, .pdf')
    parser.add_argument('--image', metavar='NAME', help='file name of a test image; default: the first with objects')
    parser.add_argument('--object', type=int, metavar='INDEX', help='number of the object; default: the largest')


def run(args: argparse.Namespace) -> None:
    """Draw the picture."""
    import torch
    from mmdet.apis import init_detector
    from mmdet.registry import DATASETS

    from nwd_mmdet.analysis.figures.dual_weighting import draw_weight_maps
    from nwd_mmdet.analysis.weight_maps import maps_of_image
    from nwd_mmdet.config import load_config
    from nwd_mmdet.launch import check_checkpoint, explained_errors

    with explained_errors(lambda: 'Nothing was written.', ValueError):
        cfg = load_config(args.config)
        check_checkpoint(args.checkpoint)
        detector = init_detector(cfg, args.checkpoint, device='cuda' if torch.cuda.is_available() else 'cpu')
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        found = maps_of_image(detector, dataset, args.image, args.object)
    draw_weight_maps(args.out, found)
    print(args.out)
