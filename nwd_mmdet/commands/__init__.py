"""The commands of ``nwd-mmdet``, one module each; see :mod:`nwd_mmdet.__main__`."""
