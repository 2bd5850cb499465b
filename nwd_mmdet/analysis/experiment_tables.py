"""The experiments as tables, for a terminal and for the READMEs of the configs, and as JSON."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from terminaltables import AsciiTable, GithubFlavoredMarkdownTable

from nwd_mmdet.analysis.experiments import Experiment, Run, read_experiments

NOT_MEASURED = 'not measured'
_PLACE = re.compile('(<!-- table: begin -->\n).*(<!-- table: end -->)', re.DOTALL)


def to_json(experiments: Iterable[Experiment]) -> list[dict[str, Any]]:
    """One dictionary per row of a table, in per cent."""
    return [
        {
            'table': str(row['Table']),
            'row': row['Row'],
            'experiment': experiment.name,
            'published': row.get('Published'),
            'logged': row.get('Logged'),
            'measured': [asdict(run) for run in experiment.runs] or NOT_MEASURED,
            'command': experiment.command,
        }
        for experiment in experiments
        for row in experiment.rows
    ]


def tables(experiments: Sequence[Experiment], markdown: bool = False) -> str:
    """All rows, one table per table of the paper: the numbered ones, then the others in the order of the metafile.

    Args:
        experiments: What to list.
        markdown: Markdown with the arguments of every training; else for a terminal, with the experiments' names.
    """
    by_table: dict[str, list[tuple[Experiment, Mapping[str, Any]]]] = {}
    for experiment in experiments:
        for row in experiment.rows:
            by_table.setdefault(str(row['Table']), []).append((experiment, row))
    names = sorted(by_table, key=lambda name: name if name[0].isdigit() else 'other')
    return '\n\n'.join(_table(name, by_table[name], markdown) for name in names)


def _table(name: str, entries: Sequence[tuple[Experiment, Mapping[str, Any]]], markdown: bool) -> str:
    rows = [['row', 'published', 'logged', 'measured', 'arguments of nwd-mmdet train' if markdown else 'experiment']]
    for experiment, row in entries:
        known = [_numbers(row.get(source), experiment.metrics) for source in ('Published', 'Logged')]
        measured = '; '.join(_measured(run, experiment.metrics) for run in experiment.runs) or NOT_MEASURED
        arguments = experiment.command.removeprefix('nwd-mmdet train ')
        rows.append([row['Row'], *known, measured, f'`{arguments}`' if markdown else experiment.name])
    filled = [column for column in zip(*rows) if any(cell != '–' for cell in column[1:])]
    rows = [list(cells) for cells in zip(*filled)]
    title = f'Table {name}' if name[0].isdigit() else name
    if markdown:
        return f'### {title}\n\n{GithubFlavoredMarkdownTable(rows).table}'
    return f'{title}, {" / ".join(entries[0][0].metrics)} in per cent\n{AsciiTable(rows).table}'


def _numbers(values: Mapping[str, Any] | None, metrics: Sequence[str]) -> str:
    """AP / AP_50 / … as far as known; a dash for one in between that is not, or for a size without objects."""
    if not values:
        return '–'
    known = [index for index, key in enumerate(metrics) if values.get(key, -1) >= 0]
    keys = metrics[: max(known) + 1] if known else metrics[:1]
    cells = ['–' if values.get(key) is None or values[key] < 0 else f'{values[key]:.1f}' for key in keys]
    return ' / '.join(cells) + (f' ({values["Run"]})' if 'Run' in values else '')


def _measured(run: Run, metrics: Sequence[str]) -> str:
    return _numbers(run.metrics, metrics) + ('' if run.seed is None else f' (seed {run.seed})')


def update_readme(metafile: Path) -> Path | None:
    """Write the tables of a ``metafile.yml``, with its own results, between the markers of the README beside it.

    Returns:
        The README; None where it has no markers, or these tables already.
    """
    readme = metafile.with_name('README.md')
    old, table = readme.read_text(encoding='utf-8'), tables(read_experiments(metafile), markdown=True)
    new = _PLACE.sub(lambda markers: f'{markers[1]}{table}\n{markers[2]}', old)
    if new == old:
        return None
    readme.write_text(new, encoding='utf-8')
    return readme
