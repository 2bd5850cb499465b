import subprocess
import sys


def test_table(root, tmp_path) -> None:
    out = tmp_path / 'performance.md'
    command = [sys.executable, 'tools/benchmark.py', '--only', 'loss', '--out', str(out)]
    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert '| NWDLoss forward + backward, 20,000 pairs | published formula |' in printed
    assert '| NWDLoss' in out.read_text() and 'torch 2.' in out.read_text()
