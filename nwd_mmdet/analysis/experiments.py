"""The experiments that the configs describe: published, logged and measured results side by side.

``configs/*/metafile.yml`` lists them. An entry is a config, or a config with ``Options`` on the command line; its
``Rows`` are the rows of a paper's tables that it reproduces. Measured results come from the work folders of finished
runs, and where there are none from the metafile's ``Results``.
"""

import copy
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from mmengine.config import Config
from terminaltables import AsciiTable, GithubFlavoredMarkdownTable

from nwd_mmdet.config import read_config

#: Metrics of the tables, in per cent, where a metafile does not list its own under ``Metrics``.
METRICS = ('AP', 'AP_50', 'AP_75', 'AP_vt', 'AP_t', 'AP_s', 'AP_m')
NOT_MEASURED = 'not measured'


@dataclass(frozen=True)
class Run:
    """One measurement: a training with its last evaluation, or a test.

    Attributes:
        source: Folder of the run, or 'metafile'.
        seed: The seed it was started with; None if the config had none.
        metrics: Without the metric's prefix, AP in per cent.
    """

    source: str
    seed: int | None
    metrics: Mapping[str, float]


@dataclass
class Experiment:
    """One config, or one config with options, and what is known of its results.

    Attributes:
        name: Unique; the config's name, with a suffix if there are options.
        config: Path of the config, relative to the checkout, or ``mmdet::…``.
        options: What ``--cfg-options`` sets.
        rows: The rows of tables it stands for, each with ``Table``, ``Row``, ``Published`` and ``Logged``.
        runs: The measurements.
        metrics: Those that the tables show.
    """

    name: str
    config: str
    options: dict[str, Any]
    rows: list[dict[str, Any]]
    runs: list[Run] = field(default_factory=list)
    metrics: Sequence[str] = METRICS

    @property
    def command(self) -> str:
        """What to type to train it."""
        options = ''.join(f' {key}={_option(value)}' for key, value in self.options.items())
        work_dir = f' --work-dir work_dirs/{self.name} --cfg-options{options}' if options else ''
        return f'python tools/train.py {self.config}{work_dir}'

    def load(self, root: Path) -> Config:
        """The config with the options applied."""
        config = copy.deepcopy(_read_once(self.config if '::' in self.config else str(root / self.config)))
        config.merge_from_dict(self.options)
        return config


_read_once = functools.cache(read_config)


def _option(value: Any) -> str:
    text = json.dumps(value).replace(' ', '')
    return f"'{text}'" if text[0] in '[{' else text.strip('"')


def read_experiments(metafile: Path) -> list[Experiment]:
    """Read a ``metafile.yml``.

    Raises:
        ValueError: If an entry lacks a key, or two have the same name.
    """
    experiments: list[Experiment] = []
    content = yaml.safe_load(metafile.read_text(encoding='utf-8'))
    for entry in content['Models']:
        if missing := [key for key in ('Name', 'Config', 'Rows') if key not in entry]:
            raise ValueError(f'{metafile}: entry {entry.get("Name", "?")} has no {", ".join(missing)}')
        if entry['Name'] in (experiment.name for experiment in experiments):
            raise ValueError(f'{metafile}: the name {entry["Name"]} is given twice')
        experiments.append(
            Experiment(
                entry['Name'],
                entry['Config'],
                entry.get('Options') or {},
                entry['Rows'],
                [Run('metafile', run.get('Seed'), run['Metrics']) for run in entry.get('Results') or []],
                content.get('Metrics', METRICS),
            )
        )
    return experiments


def find_runs(work_dirs: Path) -> list[tuple[Config, Run]]:
    """Finished runs under a folder, each with the config that was run.

    mmengine leaves ``vis_data/config.py`` in the folder of a run, the metrics beside it, and the config under its own
    name in the folder above.
    """
    runs = []
    for path in sorted(work_dirs.glob('**/vis_data/config.py')):
        folder = path.parent.parent
        metrics = _last_metrics([*sorted(path.parent.glob('scalars.json')), *sorted(folder.glob('*.json'))])
        if metrics:
            config = Config.fromfile(path)
            seed = (config.get('randomness') or {}).get('seed')
            runs.append((config, Run(str(folder), seed, metrics)))
    return runs


def _last_metrics(files: Iterable[Path]) -> dict[str, float]:
    """Metrics of the last evaluation that the files tell of, AP and AR in per cent."""
    last: dict[str, float] = {}
    for file in files:
        for line in file.read_text(encoding='utf-8').splitlines():
            record = json.loads(line) if line.startswith('{') and '/AP"' in line else {}
            last = {
                key.partition('/')[2]: value * 100 if value >= 0 else value
                for key, value in record.items()
                if '/' in key
            } or last
    return last


def fingerprint(config: Config) -> str:
    """What decides a result, as text: model, schedule, optimizer and the annotations.

    Paths of data, seeds, workers and hooks do not count.
    """
    data = [part for name in ('train', 'val') for part in _nested(config.get(f'{name}_dataloader', {}).get('dataset'))]
    decisive = {
        'model': config.get('model'),
        'epochs': config.get('train_cfg', {}).get('max_epochs'),
        'schedule': config.get('param_scheduler'),
        'optimizer': config.get('optim_wrapper', {}).get('optimizer'),
        'data': [{key: part.get(key) for key in ('type', 'ann_file', 'pipeline')} for part in data],
    }
    return json.dumps(decisive, sort_keys=True, default=str)


def _nested(dataset: Mapping[str, Any] | None) -> Iterable[Mapping[str, Any]]:
    """A data set and, if it is a wrapper, those it wraps."""
    while dataset:
        yield dataset
        dataset = dataset.get('dataset')


def match_runs(experiments: Sequence[Experiment], runs: Sequence[tuple[Config, Run]], root: Path) -> list[Run]:
    """Give every run to the experiment with the same settings; measured runs replace the metafile's results.

    Args:
        experiments: Changed in place.
        runs: From :func:`find_runs`.
        root: The checkout, which the configs' paths are relative to.

    Returns:
        The runs that are none of the experiments: other settings or other configs.
    """
    if not runs:
        return []
    by_settings: dict[str, list[Run]] = {}
    names: set[str] = set()
    for config, run in runs:
        by_settings.setdefault(fingerprint(config), []).append(run)
        names.update(path.stem for path in Path(run.source).parent.glob('*.py'))
    for experiment in experiments:
        if Path(experiment.config).stem not in names:  # loading every config takes long
            continue
        if found := by_settings.pop(fingerprint(experiment.load(root)), None):
            experiment.runs = found
    return [run for left in by_settings.values() for run in left]


def to_json(experiments: Iterable[Experiment]) -> list[dict[str, Any]]:
    """One dictionary per row of a table, in per cent."""
    return [
        {
            'table': str(row['Table']),
            'row': row['Row'],
            'experiment': experiment.name,
            'published': row.get('Published'),
            'logged': row.get('Logged'),
            'measured': [
                {'seed': run.seed, 'source': run.source, 'metrics': dict(run.metrics)} for run in experiment.runs
            ]
            or NOT_MEASURED,
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
    names = list(dict.fromkeys(str(row['Table']) for experiment in experiments for row in experiment.rows))
    names.sort(key=lambda name: name if name[0].isdigit() else 'other')
    blocks = []
    for name in names:
        last = 'arguments of tools/train.py' if markdown else 'experiment'
        rows = [['row', 'published', 'logged', 'measured', last]]
        for experiment in experiments:
            for row in experiment.rows:
                if str(row['Table']) == name:
                    arguments = experiment.command.removeprefix('python tools/train.py ')
                    rows.append(
                        [
                            row['Row'],
                            _numbers(row.get('Published'), experiment.metrics),
                            _numbers(row.get('Logged'), experiment.metrics),
                            '; '.join(_measured(run, experiment.metrics) for run in experiment.runs) or NOT_MEASURED,
                            f'`{arguments}`' if markdown else experiment.name,
                        ]
                    )
        told = [index for index in range(len(rows[0])) if any(row[index] != '–' for row in rows[1:])]
        rows = [[row[index] for index in told] for row in rows]
        title = f'Table {name}' if name[0].isdigit() else name
        if markdown:
            blocks.append(f'### {title}\n\n{GithubFlavoredMarkdownTable(rows).table}')
        else:
            metrics = next(e.metrics for e in experiments for row in e.rows if str(row['Table']) == name)
            blocks.append(f'{title}, {" / ".join(metrics)} in per cent\n{AsciiTable(rows).table}')
    return '\n\n'.join(blocks)


def _numbers(values: Mapping[str, Any] | None, metrics: Sequence[str]) -> str:
    """AP / AP_50 / … as far as known; a dash for one in between that is not, or for a size without objects."""
    if not values:
        return '–'
    known = [index for index, key in enumerate(metrics) if values.get(key, -1) >= 0]
    cells = [_number(values.get(key)) for key in metrics[: max(known) + 1]] if known else ['–']
    return ' / '.join(cells) + (f' ({values["Run"]})' if 'Run' in values else '')


def _number(value: float | None) -> str:
    return '–' if value is None or value < 0 else f'{value:.1f}'


def _measured(run: Run, metrics: Sequence[str]) -> str:
    return _numbers(run.metrics, metrics) + ('' if run.seed is None else f' (seed {run.seed})')
