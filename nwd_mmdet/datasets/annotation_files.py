"""Annotation files on disk: reading them, and finding them."""

import json
from pathlib import Path
from typing import Any


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: If there is no such file, with the path looked for.
        ValueError: If it is not JSON, with the path.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist (looked for {path.resolve()})')
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path} is not valid JSON: {error}') from error
