"""``nwd-mmdet box-noise``, for a checkout."""

import sys

from nwd_mmdet.__main__ import run_command

if __name__ == '__main__':
    run_command('box-noise', sys.argv[1:])
