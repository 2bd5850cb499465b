"""Draw the synthetic aerial data set: no download, the same on every machine.

It has AI-TOD's classes and object sizes.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('out_dir', help='folder to write {train,val}/*.png and annotations/{train,val}.json to')
    parser.add_argument('--train', type=int, default=400, metavar='N', help='training images; default: %(default)s')
    parser.add_argument('--val', type=int, default=100, metavar='N', help='held-out images; default: %(default)s')
    parser.add_argument(
        '--size', type=int, nargs='+', default=[256], metavar='PX', help='width and height, or one side; default: 256'
    )
    parser.add_argument('--seed', type=int, default=0, help='another seed gives other images; default: %(default)s')
    parser.add_argument('--workers', type=int, default=1, help='processes, which do not change the result; default: 1')
    parser.add_argument('--overwrite', action='store_true', help='replace a set that was drawn with other settings')


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if len(args.size) > 2 or min(args.size) < 64:
        args.error(f'--size takes one or two numbers of 64 or more, got {args.size}')
    if min(args.train, args.val) < 1 or args.seed < 0:
        args.error(f'--train and --val must be 1 or more, --seed 0 or more, got {args.train}, {args.val}, {args.seed}')


def run(args: argparse.Namespace) -> None:
    """Draw the set and say what was done."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.synthetic import draw_set

    counts, size = {'train': args.train, 'val': args.val}, (args.size[0], args.size[-1])
    with launch.explained_errors(lambda: 'The same command goes on.', FileExistsError):
        drawn = draw_set(args.out_dir, counts, size, args.seed, args.overwrite, args.workers)
    print(f'{args.out_dir}: {drawn} images drawn' if drawn else f'{args.out_dir}: complete already, nothing to do')
