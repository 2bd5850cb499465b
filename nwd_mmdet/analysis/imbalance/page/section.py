"""What the page of an imbalance report says of a problem: balances, remarks, tables, pictures, and what is missing."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup
from numpy.typing import ArrayLike

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.detectors import Numbers
from nwd_mmdet.analysis.imbalance.remedies import PROBLEMS, Problem


@dataclass(frozen=True)
class Balances:
    """How balanced something is.

    Attributes:
        what: What is counted.
        numbers: Detector → numbers of a :class:`~nwd_mmdet.analysis.imbalance.balance.Balance`.
    """

    what: str
    numbers: Mapping[str, Numbers]

    @classmethod
    def of(cls, what: str, counts: Mapping[str, ArrayLike], ordered: bool = False) -> 'Balances':
        """Measure those of counts, shape [K], by detector."""
        return cls(what, {label: measure_balance(values, ordered).as_dict() for label, values in counts.items()})


@dataclass(frozen=True)
class Table:
    """A table: a caption, names of the columns, and rows of as many cells."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        name: Of the file, without its ending, and of the anchor in the page.
        svg: SVG text.
        caption: What it shows.
    """

    name: str
    svg: str
    caption: str

    @property
    def inline(self) -> Markup:
        """The SVG element, with ids of its own: those of two pictures in a page would clash."""
        element = self.svg[self.svg.index('<svg') :]
        element = re.sub(r'\bid="', f'id="{self.name}-', element)
        element = re.sub(r'url\(#', f'url(#{self.name}-', element)
        return Markup(re.sub(r'xlink:href="#', f'xlink:href="#{self.name}-', element))


class Remark(str):
    """A sentence with what stands out."""


class Missing(str):
    """A sentence that says what does not apply or was not measured, and how to get it."""


Part = Balances | Table | Picture | Remark | Missing


@dataclass(frozen=True)
class Section:
    """What the page says of one problem.

    Attributes:
        key: Of the problem in :data:`~nwd_mmdet.analysis.imbalance.remedies.PROBLEMS`.
        balances: How balanced what is counted is.
        remarks: What stands out.
        tables: Further numbers.
        pictures: Each with a name of its own.
        missing: What does not apply or was not measured.
    """

    key: str
    balances: Sequence[Balances]
    remarks: Sequence[Remark]
    tables: Sequence[Table]
    pictures: Sequence[Picture]
    missing: Sequence[Missing]

    @classmethod
    def of(cls, key: str, parts: Iterable[Part]) -> 'Section':
        """Sort the parts by kind, and number pictures of the same name."""
        kinds: dict[type, list[Any]] = defaultdict(list)
        for part in parts:
            kinds[type(part)].append(part)
        balances = [part for part in kinds[Balances] if part.numbers]
        pictures = list(_with_own_names(kinds[Picture]))
        return cls(key, balances, kinds[Remark], kinds[Table], pictures, kinds[Missing])

    @property
    def problem(self) -> Problem:
        """The problem."""
        return PROBLEMS[self.key]


def _with_own_names(pictures: Iterable[Picture]) -> Iterator[Picture]:
    used: Counter[str] = Counter()
    for picture in pictures:
        used[picture.name] += 1
        number = used[picture.name]
        yield picture if number == 1 else replace(picture, name=f'{picture.name}-{number}')
