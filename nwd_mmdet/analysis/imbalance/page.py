"""The page of an imbalance report: one HTML file with its pictures inside, that opens offline and prints."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from nwd_mmdet.analysis.imbalance.remedies import PROBLEMS, Problem


@dataclass(frozen=True)
class Picture:
    """A picture of the page.

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


@dataclass(frozen=True)
class Table:
    """A table of the page: a caption, names of the columns, and rows of as many cells."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Section:
    """What the page says of one problem.

    Attributes:
        key: Of the problem in :data:`~nwd_mmdet.analysis.imbalance.remedies.PROBLEMS`.
        balances: What was measured → detector → numbers of a :class:`~nwd_mmdet.analysis.imbalance.balance.Balance`.
        tables: Further numbers.
        pictures: In order.
        remarks: Sentences with what stands out.
        absent: Sentences that say what does not apply or was not looked at, and how to get it.
    """

    key: str
    balances: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def problem(self) -> Problem:
        """The problem."""
        return PROBLEMS[self.key]


def write_page(
    path: Path, title: str, subjects: Sequence[Mapping[str, Any]], sections: Sequence[Section], complete: bool = True
) -> None:
    """Write the page.

    Args:
        path: HTML file.
        title: Behind "Imbalance:".
        subjects: One entry per detector: ``label``, ``config``, ``checkpoint``, ``images``, ``objects``, ``looked_at``.
        sections: In order.
        complete: Whether everything was read; if not, the page says so.
    """
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    content = [
        {
            **vars(section),
            'problem': section.problem,
            'balances': [
                balance_row(what, label, numbers)
                for what, by_label in section.balances.items()
                for label, numbers in by_label.items()
            ],
            'figures': [
                {'name': picture.name, 'svg': picture.inline, 'caption': picture.caption}
                for picture in section.pictures
            ],
        }
        for section in sections
    ]
    text = environment.get_template('page.html').render(
        title=title, subjects=subjects, sections=content, complete=complete
    )
    path.write_text(text, encoding='utf-8')


def balance_row(what: str, label: str, numbers: Mapping[str, Any]) -> dict[str, str]:
    """The cells of a line of the table of balances."""
    entropy, ratio, move = numbers['entropy'], numbers['max_min_ratio'], numbers['wasserstein']
    return {
        'what': what,
        'label': label,
        'bins': f'{numbers["bins"]:,}',
        'empty': f'{numbers["empty"]:,}',
        'entropy': '–' if entropy is None else f'{entropy:.2f}',
        'gini': '–' if numbers['gini'] is None else f'{numbers["gini"]:.2f}',
        'ratio': '–'
        if entropy is None
        else ('∞' if ratio is None else f'{ratio:,.0f} : 1' if ratio >= 10 else f'{ratio:.1f} : 1'),
        'move': '–' if move is None else f'{move:.0%}',
        'verdict': _verdict(entropy),
    }


def _verdict(entropy: float | None) -> str:
    """In words; the limits are ours."""
    if entropy is None:
        return 'nothing to measure'
    for limit, words in ((0.95, 'balanced'), (0.8, 'somewhat imbalanced'), (0.5, 'imbalanced')):
        if entropy >= limit:
            return words
    return 'strongly imbalanced'
