"""Measure this package against the published formulas and against torchvision and pycocotools, in one run.

Prints a Markdown table, and with --out writes it to a file. Every row is a ratio of medians of the same run; memory is
the peak above the inputs. `make bench` runs all rows on the CPU into docs/performance.md.
"""

import argparse
from pathlib import Path

import torch

from nwd_mmdet.analysis.benchmark.measuring import environment
from nwd_mmdet.analysis.benchmark.page import HEADER, measured_line, page
from nwd_mmdet.analysis.benchmark.rows import ROWS


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=sorted(ROWS), default=sorted(ROWS), help='parts to measure')
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    parser.add_argument('--out', type=Path, help='file for the table, e.g. docs/performance.md')
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parse_args()
    print('\n'.join(HEADER))
    lines = []
    for part in args.only:
        torch.manual_seed(0)
        for row in ROWS[part](args.device):
            lines.append(measured_line(row, args.device))
            print(lines[-1], flush=True)
    print(f'\n{environment(args.device)}')
    if args.out:
        args.out.write_text(page(lines, args.device))
        print(f'Written to {args.out}')


if __name__ == '__main__':
    main()
