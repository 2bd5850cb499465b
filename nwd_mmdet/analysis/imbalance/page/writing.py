"""Writing the page of an imbalance report: one HTML file with its pictures inside, that opens offline and prints."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector, Numbers
from nwd_mmdet.analysis.imbalance.page.section import Section

# Entropies from which on the words hold; the limits are ours.
_VERDICTS = {0.95: 'balanced', 0.8: 'somewhat imbalanced', 0.5: 'imbalanced', 0.0: 'strongly imbalanced'}


def write_page(
    path: Path, detectors: Sequence[MeasuredDetector], sections: Sequence[Section], complete: bool = True
) -> None:
    """Write the page.

    Args:
        path: HTML file.
        detectors: Those that it is about.
        sections: In order.
        complete: Whether everything was measured; if not, the page says so.
    """
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    template = environment.get_template('page.html')
    text = template.render(detectors=detectors, sections=sections, complete=complete, balance_cells=balance_cells)
    path.write_text(text, encoding='utf-8')


def balance_cells(numbers: Numbers) -> list[str]:
    """Bins, empty ones, entropy, Gini coefficient, largest : smallest, what is to move, and what that says, in words.

    Args:
        numbers: Of a :class:`~nwd_mmdet.analysis.imbalance.balance.Balance`.
    """
    entropy, gini, ratio, move = (numbers[key] for key in ('entropy', 'gini', 'max_min_ratio', 'wasserstein'))
    bins = [f'{numbers[key]:,}' for key in ('bins', 'empty')]
    if entropy is None:
        return [*bins, '–', '–', '–', '–', 'nothing to measure']
    compared = '∞' if ratio is None else f'{ratio:,.0f} : 1' if ratio >= 10 else f'{ratio:.1f} : 1'
    verdict = next(words for limit, words in _VERDICTS.items() if entropy >= limit)
    return [*bins, f'{entropy:.2f}', f'{gini:.2f}', compared, f'{move:.0%}', verdict]
