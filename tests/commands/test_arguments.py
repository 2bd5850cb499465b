"""Arguments that several commands have."""

import argparse

import pytest

from nwd_mmdet.commands.arguments import add_run


def test_options_are_read_as_mmengine_reads_them() -> None:
    parser = argparse.ArgumentParser()
    add_run(parser)
    args = parser.parse_args(['a.py', '--cfg-options', 'a.b=[1,2]', 'c=x', 'd=(0.5,True)'])
    assert args.cfg_options == {'a.b': [1, 2], 'c': 'x', 'd': (0.5, True)}
    assert parser.parse_args(['a.py']).cfg_options is None
    assert parser.parse_args(['a.py', '--local-rank', '3']).local_rank == 3
    with pytest.raises(SystemExit):
        parser.parse_args(['a.py', '--launcher', 'ssh'])
