"""Draw the figures of the documentation: the NWD paper's Figures 1 and 2, the Dual Weighting paper's Figure 3, and the
Alpha-IoU paper's Figure 1 and, from the trainings that configs/alpha_iou/metafile.yml lists, Figure 6.
"""

import argparse
from pathlib import Path

from nwd_mmdet.analysis.figures.alpha_iou import draw_alpha_sensitivity, draw_power_losses, read_alpha_results
from nwd_mmdet.analysis.figures.dual_weighting import draw_negative_probability
from nwd_mmdet.analysis.figures.nwd import draw_deviation_curves, draw_sensitivity

ALPHA_RESULTS = Path(__file__).parents[2] / 'configs' / 'alpha_iou' / 'metafile.yml'
ALPHA_TABLE = 'Synthetic set, FCOS'

FIGURES = {
    'sensitivity': draw_sensitivity,
    'iou_and_nwd': draw_deviation_curves,
    'p_neg': draw_negative_probability,
    'power_losses': draw_power_losses,
    'alpha_sensitivity': lambda path: draw_alpha_sensitivity(path, read_alpha_results(ALPHA_RESULTS, ALPHA_TABLE)),
}


def main() -> None:
    """Draw them all and name the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--out-dir', type=Path, default=Path('docs/figures'), help='folder for the figures')
    parser.add_argument('--format', choices=['svg', 'png', 'pdf'], default='svg')
    args = parser.parse_args()
    for name, draw in FIGURES.items():
        path = args.out_dir / f'{name}.{args.format}'
        draw(path)
        print(path)


if __name__ == '__main__':
    main()
