"""The configs that the package brings: finding them, a line on each, and copies to edit.

They lie in ``.mim/configs``, where mmengine finds ``nwd_mmdet::nwd/….py`` and mim looks; in a checkout that is a link.
"""

import ast
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

#: The folder that holds ``configs/`` and ``tools/``.
ROOT = Path(__file__).parent / '.mim'
SCOPE = 'nwd_mmdet::'


@dataclass(frozen=True)
class ShippedConfig:
    """A config of the package.

    Attributes:
        name: As after ``nwd_mmdet::``, such as ``'nwd/faster-rcnn_r50_fpn_1x_aitod.py'``.
        rows: The rows of the papers' tables that it stands for, such as ``'Table 1: IoU'``.
        published: AP in per cent as published; None where it is not.
    """

    name: str
    rows: tuple[str, ...] = ()
    published: float | None = None

    @property
    def path(self) -> Path:
        """Of the file."""
        return ROOT / 'configs' / self.name

    @property
    def summary(self) -> str:
        """What it is for, in a line."""
        row = self.rows[0] if self.rows else _first_comment(self.path)
        return row + (f' (published AP {self.published:.1f})' if self.published is not None else '')


def _first_comment(path: Path) -> str:
    """First sentence of the comment that a file begins with; empty if it begins with none."""
    lines = path.read_text(encoding='utf-8').splitlines()
    comment = [line for index, line in enumerate(lines) if all(part.startswith('#') for part in lines[: index + 1])]
    return ' '.join(line.lstrip('# ') for line in comment).partition('. ')[0]


def folders() -> list[str]:
    """The folders with configs to train, ``'nwd'`` and so on."""
    return sorted(path.name for path in (ROOT / 'configs').iterdir() if path.name[0].isalpha() and path.is_dir())


def title(folder: str) -> str:
    """What the configs of a folder are for: the title of its README."""
    with (ROOT / 'configs' / folder / 'README.md').open(encoding='utf-8') as readme:
        return readme.readline().lstrip('# ').strip()


def metafiles() -> dict[str, Path]:
    """Folder → its ``metafile.yml``, where there is one."""
    paths = {name: ROOT / 'configs' / name / 'metafile.yml' for name in folders()}
    return {name: path for name, path in paths.items() if path.is_file()}


def read_metafile(path: Path) -> dict[str, list[dict[str, object]]]:
    """The content of a ``metafile.yml``."""
    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)  # the same, ten times as fast
    content: dict[str, list[dict[str, object]]] = yaml.load(path.read_text(encoding='utf-8'), loader)
    return content


def configs_in(folder: str) -> list[ShippedConfig]:
    """The configs of a folder, by name, with what its metafile knows of them.

    Raises:
        ValueError: There is no such folder; the message lists those there are.
    """
    if folder not in folders():
        raise ValueError(f'the package has no folder of configs {folder!r}; there are {", ".join(folders())}')
    found = {path.name: ShippedConfig(f'{folder}/{path.name}') for path in (ROOT / 'configs' / folder).glob('*.py')}
    metafile = metafiles().get(folder)
    for entry in read_metafile(metafile)['Models'] if metafile else []:
        name, rows = posixpath.basename(str(entry['Config'])), entry['Rows']
        if name in found and not entry.get('Options') and isinstance(rows, list):
            titles = tuple(_title(row) for row in rows)
            published = next((row['Published']['AP'] for row in rows if 'AP' in (row.get('Published') or {})), None)
            found[name] = ShippedConfig(f'{folder}/{name}', titles, published)
    return [found[name] for name in sorted(found)]


def _title(row: dict[str, object]) -> str:
    table = str(row['Table'])
    return f'{f"Table {table}" if table[0].isdigit() else table}: {row["Row"]}'


def find(name: str) -> ShippedConfig:
    """The config of a name, with or without its folder, its scope and ``.py``.

    Raises:
        ValueError: None or several have the name; the message lists similar ones.
    """
    wanted = f'{name.removeprefix(SCOPE).removeprefix("configs/").removesuffix(".py")}.py'
    every = [config for folder in folders() for config in configs_in(folder)]
    found = [config for config in every if wanted in (config.name, config.path.name)]
    if len(found) != 1:
        words = re.split(r'[-_/]', wanted.removesuffix('.py'))
        similar = sorted(every, key=lambda config: -sum(word in config.name for word in words))[:3]
        names = ', '.join(config.name for config in found or similar)
        count, which = (len(found), 'they') if found else ('no', 'close')
        raise ValueError(f'{count} configs are called {name!r}; {which} are {names}')
    return found[0]


def copy_text(config: ShippedConfig) -> str:
    """The text of a config whose bases are named by the package instead of by neighbouring files."""
    text, folder = config.path.read_text(encoding='utf-8'), posixpath.dirname(config.name)

    def named(match: re.Match[str]) -> str:
        path = str(ast.literal_eval(match[0]))
        if '::' in path:
            return match[0]
        return repr(SCOPE + posixpath.normpath(posixpath.join(folder, path)))

    assignments = (node for node in ast.parse(text).body if isinstance(node, ast.Assign))
    assignments = (node for node in ast.parse(text).body if isinstance(node, ast.Assign))
    statement = next(node for node in assignments if ast.unparse(node.targets[0]) == '_base_')
    before, bases = _split(text, statement)
    after = text[len(before) + len(bases) :]
    return before + re.sub(r"'[^']*'", named, bases) + after


def _split(text: str, statement: ast.Assign) -> tuple[str, str]:
    """What stands before a statement, and the statement."""
    lines = text.splitlines(keepends=True)
    return ''.join(lines[: statement.lineno - 1]), ''.join(lines[statement.lineno - 1 : statement.end_lineno])
