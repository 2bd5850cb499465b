"""``nwd-mmdet benchmark``, for a checkout."""

import sys

from nwd_mmdet.__main__ import run_command

if __name__ == '__main__':
    run_command('benchmark', sys.argv[1:])
