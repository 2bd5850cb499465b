"""Draw the figures of the documentation, in a checkout.

The NWD paper's Figures 1 and 2, the Dual Weighting paper's Figure 3, the Alpha-IoU paper's Figure 1 and, from the
trainings that configs/alpha_iou/metafile.yml lists, its Figure 6.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

_ALPHA_TABLE = 'Synthetic set, FCOS'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        '--out-dir', type=Path, default=Path('docs/figures'), help='folder for the figures; default: %(default)s'
    )
    parser.add_argument('--format', choices=['svg', 'png', 'pdf'], default='svg', help='default: %(default)s')


def run(args: argparse.Namespace) -> None:
    """Draw them all and name the files."""
    from nwd_mmdet.analysis.figures.alpha_iou import draw_alpha_sensitivity, draw_power_losses, read_alpha_results
    from nwd_mmdet.analysis.figures.dual_weighting import draw_negative_probability
    from nwd_mmdet.analysis.figures.nwd import draw_deviation_curves, draw_sensitivity
    from nwd_mmdet.shipped_configs import metafiles

    results = read_alpha_results(metafiles()['alpha_iou'], _ALPHA_TABLE)
    figures: dict[str, Callable[[Path], object]] = {
        'sensitivity': draw_sensitivity,
        'iou_and_nwd': draw_deviation_curves,
        'p_neg': draw_negative_probability,
        'power_losses': draw_power_losses,
        'alpha_sensitivity': lambda path: draw_alpha_sensitivity(path, results),
    }
    for name, draw in figures.items():
        path = args.out_dir / f'{name}.{args.format}'
        draw(path)
        print(path)
