"""``nwd-mmdet find-data``, for a checkout."""

import sys

from nwd_mmdet.__main__ import run_command

if __name__ == '__main__':
    run_command('find-data', sys.argv[1:])
