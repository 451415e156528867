"""A run → Bencher Metric Format: {benchmark: {measure: {value, lower_value, upper_value}}}.

https://bencher.dev/docs/reference/bencher-metric-format: a benchmark's name has at most 1024 characters, a measure's
64. Bencher's own measures `latency` (ns) and `throughput` (operations a second) are of other units; none of ours is
called so.
"""

import json
from collections.abc import Iterator, Sequence
from statistics import median

from pvbench import wording
from pvbench.exports import units
from pvbench.exports.nouns import ExportedRun
from pvbench.model import Purpose
from pvbench.printable import clean
from pvbench.samples import CellTrials

LONGEST_NAME = 1024


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return the figures of each cell: the median over its boots, and the least and greatest of several."""
    made = {name: figures for run in runs for name, figures in _benchmarks(run)}
    return (json.dumps(made, indent=2, allow_nan=False) + "\n").encode()


def _benchmarks(run: ExportedRun) -> Iterator[tuple[str, dict[str, dict[str, float]]]]:
    for cell in run.measured:
        yield _name(run, cell), {units.measure(metric): _figures(values) for metric, values in units.figures(cell)}


def _name(run: ExportedRun, cell: CellTrials) -> str:
    label, purpose = run.emulation(cell.cell.host), run.manifest.purpose
    end = f" ({label}) [{cell.id}]" if purpose is Purpose.RUN else f" ({label}, {purpose.words}) [{cell.id}]"
    return (
        clean(f"{cell.cell.host}: {cell.cell.device}, {wording.cell_title(cell.cell)}")[: LONGEST_NAME - len(end)] + end
    )


def _figures(values: Sequence[float]) -> dict[str, float]:
    made = {"value": median(values)}
    return made | {"lower_value": min(values), "upper_value": max(values)} if len(values) > 1 else made
