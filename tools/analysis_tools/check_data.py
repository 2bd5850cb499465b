"""``nwd-mmdet check-data``, for a checkout."""

import sys

from nwd_mmdet.__main__ import run_command

if __name__ == '__main__':
    run_command('check-data', sys.argv[1:])
