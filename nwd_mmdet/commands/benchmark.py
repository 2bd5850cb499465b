"""Measure speed and memory against the published formulas, torchvision and pycocotools.

Prints a Markdown table, and with --out writes it to a file. Every row is a ratio of medians of the same run; memory is
the peak above the inputs. `make bench` runs all rows on the CPU into docs/performance.md.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('--only', nargs='+', metavar='PART', help='parts to measure; default: all')
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    parser.add_argument('--out', type=Path, help='file for the table, e.g. docs/performance.md')


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    import torch

    from nwd_mmdet.analysis.benchmark.measuring import environment
    from nwd_mmdet.analysis.benchmark.page import HEADER, measured_line, page
    from nwd_mmdet.analysis.benchmark.rows import ROWS

    parts = args.only or sorted(ROWS)
    if unknown := sorted(set(parts) - set(ROWS)):
        args.error(f'--only {" ".join(unknown)}: choose of {", ".join(sorted(ROWS))}')
    print('\n'.join(HEADER))
    lines = []
    for part in parts:
        torch.manual_seed(0)
        for row in ROWS[part](args.device):
            lines.append(measured_line(row, args.device))
            print(lines[-1], flush=True)
    print(f'\n{environment(args.device)}')
    if args.out:
        args.out.write_text(page(lines, args.device))
        print(f'Written to {args.out}')
