"""An overlap in every place of any detector: what ``nwd-mmdet enable`` writes, docs/enable.md."""
