"""The imbalance report of one or several detectors: from their configs to numbers, pictures and a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from nwd_mmdet.analysis.imbalance.detectors import Detector, MeasuredDetector
from nwd_mmdet.analysis.imbalance.measuring import measure
from nwd_mmdet.analysis.imbalance.page.sections import build_sections
from nwd_mmdet.analysis.imbalance.page.writing import write_page
from nwd_mmdet.config import load_config
from nwd_mmdet.datasets.annotation_files import write_json
from nwd_mmdet.launch import check_checkpoint

_DATA = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@dataclass(frozen=True)
class Report:
    """What was measured.

    Attributes:
        detectors: In the order in which they are shown.
        split: Whose annotations were read.
        complete: Whether everything was measured; False after Ctrl-C.
    """

    detectors: Sequence[MeasuredDetector]
    split: str
    complete: bool

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for ``json.dump``."""
        detectors = [detector.as_dict() for detector in self.detectors]
        return {'complete': self.complete, 'split': self.split, 'detectors': detectors}


def measure_detectors(
    detectors: Sequence[Detector],
    split: str = 'train',
    max_images: int | None = None,
    options: Mapping[str, Any] | None = None,
    same_data: bool = False,
) -> Report:
    """Measure detectors, one after the other, until all are or Ctrl-C is pressed.

    Args:
        detectors: One at least, with labels of their own.
        split: As in :func:`~nwd_mmdet.analysis.imbalance.measuring.measure`.
        max_images: Likewise.
        options: Settings that replace those of all configs, as in :func:`~nwd_mmdet.config.load_config`.
        same_data: Whether all detectors are measured on the data of the first one's config.

    Raises:
        FileNotFoundError: A config, a checkpoint or annotations that do not exist.
        ValueError: Two detectors with one label; as ``load_config`` and ``measure``.
        KeyboardInterrupt: Ctrl-C before anything was measured.
    """
    labels = [detector.label for detector in detectors]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f'two detectors are called {label}; name them with --labels')
    for detector in detectors:
        if detector.checkpoint:
            check_checkpoint(detector.checkpoint)
    measured: dict[str, MeasuredDetector] = {}
    data: Mapping[str, Any] = {}
    try:
        for detector in detectors:
            cfg = load_config(detector.config, options)
            if same_data:
                data = data or _data_of(cfg)
                cfg.update({key: value for key, value in data.items() if key in cfg})
            for so_far in measure(detector, cfg, split, max_images):
                measured[detector.label] = so_far
    except KeyboardInterrupt:
        if not measured:
            raise
        print('\nInterrupted: reporting what was read until then.')
        return Report([*measured.values()], split, complete=False)
    return Report([*measured.values()], split, complete=True)


def _data_of(cfg: Config) -> dict[str, Any]:
    return {key: cfg[key] for key in _DATA if key in cfg}


def write_report(out: Path, report: Report) -> None:
    """Write ``report.html``, ``report.json`` and the pictures of the page as SVG.

    Args:
        out: Folder, made where there is none.
        report: With one detector at least.
    """
    sections = build_sections(report.detectors)
    out.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for picture in section.pictures:
            (out / f'{picture.name}.svg').write_text(picture.svg, encoding='utf-8')
    write_json(report.as_dict(), out / 'report.json', indent=1)
    write_page(out / 'report.html', report.detectors, sections, report.complete)
