"""Draw the synthetic aerial data set: AI-TOD's classes and object sizes, no download, the same on every machine."""

import argparse

from nwd_mmdet import launch
from nwd_mmdet.datasets.synthetic import draw_set


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', help='folder to write {train,val}/*.png and annotations/{train,val}.json to')
    parser.add_argument('--train', type=int, default=400, metavar='N', help='number of training images')
    parser.add_argument('--val', type=int, default=100, metavar='N', help='number of held-out images')
    parser.add_argument(
        '--size', type=int, nargs='+', default=[256], metavar='PX', help='width and height, or one side'
    )
    parser.add_argument('--seed', type=int, default=0, help='another seed gives other images')
    parser.add_argument('--workers', type=int, default=1, help='processes; the result does not depend on it')
    parser.add_argument('--overwrite', action='store_true', help='replace a set that was drawn with other settings')
    args = parser.parse_args()
    if len(args.size) > 2 or min(args.size) < 64:
        parser.error(f'--size takes one or two numbers of 64 or more, got {args.size}')
    if min(args.train, args.val) < 1 or args.seed < 0:
        parser.error(
            f'--train and --val must be 1 or more, --seed 0 or more, got {args.train}, {args.val}, {args.seed}'
        )
    return args


def main() -> None:
    """Draw the set and say what was done."""
    args = parse_args()
    counts, size = {'train': args.train, 'val': args.val}, (args.size[0], args.size[-1])
    with launch.explained_errors(lambda: 'The same command goes on.', FileExistsError):
        drawn = draw_set(args.out_dir, counts, size, args.seed, args.overwrite, args.workers)
    print(f'{args.out_dir}: {drawn} images drawn' if drawn else f'{args.out_dir}: complete already, nothing to do')


if __name__ == '__main__':
    main()
