"""Running a tool in the process of a test."""

import runpy
import sys

import pytest
from conftest import ROOT


def run_tool(monkeypatch: pytest.MonkeyPatch, tool: str, *arguments: object) -> None:
    """Run ``tools/{tool}`` with these arguments, as from the command line."""
    path = str(ROOT / 'tools' / tool)
    monkeypatch.setattr(sys, 'argv', [path, *map(str, arguments)])
    runpy.run_path(path, run_name='__main__')
