"""The experiments that the configs describe: published, logged and measured results side by side.

``configs/*/metafile.yml`` lists them. An entry is a config, or a config with ``Options`` on the command line; its
``Rows`` are the rows of a paper's tables that it reproduces. Measured results come from the work folders of finished
runs, and where there are none from the metafile's ``Results``.
"""

import copy
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from mmengine.config import Config

from nwd_mmdet.config import read_config

#: Metrics of the tables, in per cent, where a metafile does not list its own under ``Metrics``.
METRICS = ('AP', 'AP_50', 'AP_75', 'AP_vt', 'AP_t', 'AP_s', 'AP_m')


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


@dataclass(frozen=True)
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
    options: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    runs: Sequence[Run] = ()
    metrics: Sequence[str] = METRICS

    @property
    def command(self) -> str:
        """What to type to train it."""
        options = ''.join(f' {key}={_option(value)}' for key, value in self.options.items())
        work_dir = f' --work-dir work_dirs/{self.name} --cfg-options{options}' if options else ''
        return f'nwd-mmdet train {self.config}{work_dir}'

    def load(self, root: Path) -> Config:
        """The config with the options applied."""
        config = copy.deepcopy(_read_once(self.config if '::' in self.config else str(root / self.config)))
        config.merge_from_dict(dict(self.options))
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
        options, metrics = entry.get('Options') or {}, content.get('Metrics', METRICS)
        runs = [Run('metafile', run.get('Seed'), run['Metrics']) for run in entry.get('Results') or []]
        experiments.append(Experiment(entry['Name'], entry['Config'], options, entry['Rows'], runs, metrics))
    return experiments


def find_runs(work_dirs: Path) -> list[tuple[Config, Run]]:
    """Finished runs under a folder, each with the config that was run.

    mmengine leaves ``vis_data/config.py`` in the folder of a run, the metrics beside it, and the config under its own
    name in the folder above.
    """
    runs = []
    for path in sorted(work_dirs.glob('**/vis_data/config.py')):
        folder = path.parent.parent
        if metrics := _last_metrics([*path.parent.glob('scalars.json'), *sorted(folder.glob('*.json'))]):
            config = Config.fromfile(path)
            seed = (config.get('randomness') or {}).get('seed')
            runs.append((config, Run(str(folder), seed, metrics)))
    return runs


def _last_metrics(files: Iterable[Path]) -> dict[str, float]:
    """Metrics of the last evaluation in the files, AP and AR in per cent; none if there was no evaluation."""
    lines = [line for file in files for line in file.read_text(encoding='utf-8').splitlines()]
    evaluations = [line for line in lines if line.startswith('{') and '/AP"' in line]
    last = json.loads(evaluations[-1]) if evaluations else {}
    metrics = {key.partition('/')[2]: value for key, value in last.items() if '/' in key}
    return {key: value * 100 if value >= 0 else value for key, value in metrics.items()}


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


def match_runs(
    experiments: Sequence[Experiment], runs: Sequence[tuple[Config, Run]], root: Path
) -> tuple[list[Experiment], list[Run]]:
    """Give every run to the first experiment with the same settings; measured runs replace the metafile's results.

    Args:
        experiments: As read.
        runs: From :func:`find_runs`.
        root: The checkout, which the configs' paths are relative to.

    Returns:
        The experiments with their runs, and the runs that are none of them: other settings or other configs.
    """
    by_settings: dict[str, list[Run]] = {}
    for config, run in runs:
        by_settings.setdefault(fingerprint(config), []).append(run)
    names = {path.stem for _, run in runs for path in Path(run.source).parent.glob('*.py')}
    matched = []
    for experiment in experiments:
        if Path(experiment.config).stem in names:  # loading every config takes long
            found = by_settings.pop(fingerprint(experiment.load(root)), experiment.runs)
            experiment = replace(experiment, runs=found)
        matched.append(experiment)
    return matched, [run for left in by_settings.values() for run in left]
