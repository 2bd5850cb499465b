"""The table of the benchmark, and the page around it."""

from collections.abc import Sequence

from nwd_mmdet.analysis.benchmark.measuring import environment, measure
from nwd_mmdet.analysis.benchmark.rows import Row

HEADER = ('| what | baseline | baseline time | time | faster | baseline memory | memory |', '|---' * 7 + '|')
_PAGE = """# Speed and memory

Measured by `nwd-mmdet benchmark --device {device} --out docs/performance.md` on

> {environment}

Each row is one run of both sides on the same machine: trust the ratios, not the milliseconds. Memory is the peak above
the inputs.

{table}

* **Assigner.** "NWD >= t" says that two boxes lie within a fixed distance, so a grid over the objects' centres finds
  the few pairs that matter; the published path computes all of them. The assignments are equal to the last bit
  (`tests/assigners/test_nwd_assigner.py`).
* **NMS.** Greedy and exact: a hash grid of the kept boxes, so each box is compared with its neighbours alone. The
  baseline computes IoU and so keeps other boxes; there is no public NWD-NMS for a CPU to compare with. For boxes on a
  GPU the search runs on the CPU as well.
* **Loss.** One backward for all coordinates.
* **Dual weighting.** The released code compares every point with every object, and loops over the objects; here the
  pairs inside the candidate bags alone are ever held. The losses are equal (`tests/analysis/benchmark/test_rows.py`).
* **ImbalanceHook** records one step of 50 by default, so it costs a fiftieth of the difference.
* **Evaluation.** faster-coco-eval, with oLRP on top, which pycocotools lacks.

{gpu}
"""


def measured_line(row: Row, device: str) -> str:
    """Measure a row and write it as a line of the table."""
    row.ours()  # compiles
    ours = measure(row.ours, device, 5 * row.repeats)
    baseline_time = ratio = baseline_memory = '–'
    if row.baseline is not None:
        baseline = measure(row.baseline, device, row.repeats)
        baseline_time, baseline_memory = _time(baseline.seconds), f'{baseline.megabytes:,.0f} MB'
        ratio = f'**{baseline.seconds / ours.seconds:.3g} ×**'
    return (
        f'| {row.what} | {row.baseline_name} | {baseline_time} | {_time(ours.seconds)} | {ratio} '
        f'| {baseline_memory} | {ours.megabytes:,.0f} MB |'
    )


def _time(seconds: float) -> str:
    """With three digits, in ms below a second."""
    return f'{seconds:.3g} s' if seconds >= 1 else f'{seconds * 1e3:.3g} ms'


def page(lines: Sequence[str], device: str) -> str:
    """docs/performance.md: the lines of the table, what they were measured on and what they mean."""
    gpu = '' if device == 'cuda' else 'Not run on a GPU yet; `--device cuda` prints the same table there.'
    return _PAGE.format(gpu=gpu, device=device, environment=environment(device), table='\n'.join([*HEADER, *lines]))
