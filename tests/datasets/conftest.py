import pytest

from nwd_mmdet.datasets import annotation_files, coco_dataset
from nwd_mmdet.datasets.checks import findings


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What data sets say while they are loaded."""
    lines: list[str] = []
    for module in (annotation_files, coco_dataset, findings):
        monkeypatch.setattr(module, 'print_log', lambda message, **_: lines.append(message))
    findings.say_once.cache_clear()
    return lines
