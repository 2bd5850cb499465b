"""``nwd-mmdet yolo2coco``, for a checkout."""

import sys

from nwd_mmdet.__main__ import run_command

if __name__ == '__main__':
    run_command('yolo2coco', sys.argv[1:])
