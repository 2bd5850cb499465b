"""``nwd-mmdet draw-detections``, for a checkout."""

import sys

from nwd_mmdet.__main__ import run_command

if __name__ == '__main__':
    run_command('draw-detections', sys.argv[1:])
