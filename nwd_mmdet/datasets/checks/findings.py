"""What a check finds, and how it is said."""

import enum
import functools
import logging
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mmengine.logging import print_log


class Level(enum.IntEnum):
    """How much a finding weighs."""

    HINT = 0  # training runs as it is; look whether it is meant
    LOSS = 1  # boxes or images are left out
    ERROR = 2  # training or evaluation ends with an error, or learns something else than is meant

    @property
    def title(self) -> str:
        """As it is printed."""
        return {Level.HINT: 'hint', Level.LOSS: 'left out', Level.ERROR: 'ERROR'}[self]


class Reader(enum.Enum):
    """Which data set class reads the annotations."""

    CHECKED = 'CheckedCocoDataset'  # and those made of it
    COCO = 'CocoDataset'  # mmdet's, and those made of it
    OTHER = 'another data set class'
    UNKNOWN = 'any data set class'  # a file without a config


class Fate(NamedTuple):
    """What becomes of a finding in training.

    Attributes:
        level: How much it weighs.
        text: What training does with it.
    """

    level: Level
    text: str


#: The fate of what CheckedCocoDataset raises ValueError for.
REFUSED = Fate(Level.ERROR, 'the file is refused when it is loaded')


@dataclass(frozen=True)
class Check:
    """A kind of defect: a row of the table in docs/check_data.md.

    Attributes:
        key: Its name in JSON.
        finding: What is counted, as a plural.
        fate: What CheckedCocoDataset and training do with it.
        remedy: What to do.
        in_coco: What mmdet's CocoDataset does with it, where that is something else.
    """

    key: str
    finding: str
    fate: Fate
    remedy: str
    in_coco: Fate | None = None

    def fate_in(self, reader: Reader) -> Fate:
        """What becomes of it in a data set class."""
        if reader is Reader.OTHER:
            return Fate(Level.HINT, 'what the data set class hands on is learned as it is')
        if self.in_coco is None or reader is Reader.CHECKED:
            return self.fate
        if reader is Reader.COCO:
            return self.in_coco
        return Fate(self.fate.level, f'CheckedCocoDataset: {self.fate.text}; CocoDataset: {self.in_coco.text}')


@dataclass(frozen=True)
class Finding:
    """What one check found in one place.

    Attributes:
        check: The check.
        source: The annotation file, or the place in the config.
        count: How many.
        first: The first of them.
        fate: What becomes of them here.
    """

    check: Check
    source: str
    count: int
    first: str
    fate: Fate

    def __str__(self) -> str:
        return (
            f'{self.source}: {self.check.finding}: {self.count:,}, first: {self.first}. '
            f'In training: {self.fate.text}. Remedy: {self.check.remedy}.'
        )

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for ``json.dump``."""
        return {
            'key': self.check.key,
            'level': self.fate.level.name.lower(),
            'source': self.source,
            'count': self.count,
            'finding': self.check.finding,
            'first': self.first,
            'in_training': self.fate.text,
            'remedy': self.check.remedy,
        }


@dataclass(frozen=True)
class SetSize:
    """What training or evaluation gets of one data set.

    Attributes:
        name: Its role and file.
        images: Images that are listed.
        images_used: Of them, those that ``filter_cfg`` leaves.
        boxes: Annotations.
        boxes_used: Of them, those that the data set hands on, on those images.
    """

    name: str
    images: int
    images_used: int
    boxes: int
    boxes_used: int

    def __str__(self) -> str:
        left_out = self.boxes - self.boxes_used
        return (
            f'{self.name}: {self.images_used:,} of {self.images:,} images, {self.boxes_used:,} of {self.boxes:,} boxes'
            + (f' ({left_out:,} left out)' if left_out else '')
        )


@dataclass
class Report:
    """All findings of a run.

    Attributes:
        findings: In the order of the checks.
        sizes: Of every data set that is read.
        notes: What else there is to say.
        unread: Images that were not looked at because of an interruption.
    """

    findings: list[Finding] = field(default_factory=list)
    sizes: list[SetSize] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: int = 0

    @property
    def errors(self) -> list[Finding]:
        """Those that training must not start with."""
        return [finding for finding in self.findings if finding.fate.level is Level.ERROR]

    def sorted(self) -> list[Finding]:
        """The findings, errors first."""
        return sorted(self.findings, key=lambda finding: -finding.fate.level)

    def text(self) -> str:
        """Everything, for people."""
        lines = [*map(str, self.sizes), *self.notes]
        for finding in self.sorted():
            lines += [
                '',
                f'{finding.fate.level.title}: {finding.check.finding}: {finding.count:,} [{finding.check.key}]',
                f'  where: {finding.source}',
                f'  first: {finding.first}',
                f'  in training: {finding.fate.text}',
                f'  remedy: {finding.check.remedy}',
            ]
        lines += ['', self.summary()]
        return '\n'.join(lines)

    def summary(self) -> str:
        """How many findings there are of each level."""
        counts = [(sum(f.fate.level is level for f in self.findings), level.title) for level in reversed(Level)]
        return ', '.join(f'{title}: {count}' for count, title in counts)

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for ``json.dump``."""
        return {
            'errors': len(self.errors),
            'findings': [finding.to_json() for finding in self.sorted()],
            'sets': [vars(size) for size in self.sizes],
            'notes': self.notes,
            'unread_images': self.unread,
        }


@functools.cache
def say_once(message: str) -> None:
    """Log a warning, once in a process: what a training says at its start, loading its data sets does not repeat."""
    print_log(message, logger='current', level=logging.WARNING)
