"""Say what is installed, what works, what is wrong and how to mend it."""

import argparse
import sys
from functools import partial


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(args: argparse.Namespace) -> None:
    """Write the report; exit with 1 if something is wrong."""
    from nwd_mmdet import doctor

    sys.exit(1 if doctor.report(partial(print, flush=True)) else 0)
