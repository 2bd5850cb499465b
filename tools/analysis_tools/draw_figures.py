"""Draw the figures of the documentation."""

import argparse
from pathlib import Path

from nwd_mmdet.analysis.drawing import draw_overlap_curves


def main() -> None:
    """Draw them all and name the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--out-dir', type=Path, default=Path('docs/figures'), help='folder for the figures')
    parser.add_argument('--format', choices=['svg', 'png', 'pdf'], default='svg')
    args = parser.parse_args()
    args.out_dir.mkdir(parents=True, exist_ok=True)
    path = args.out_dir / f'iou_and_nwd.{args.format}'
    draw_overlap_curves(path)
    print(path)


if __name__ == '__main__':
    main()
