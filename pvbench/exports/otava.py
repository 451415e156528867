"""Runs → the CSV and otava.yaml of Apache Otava: a row a run, a column a figure (https://otava.apache.org/docs/csv/).

Otava reads no empty cell. So figures that the same runs gave stand in one file, the fullest in the file that was asked
for, and each of the others is a test of its own.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from pvbench import wording
from pvbench.exports import units
from pvbench.exports.nouns import ExportedFile, ExportedRun
from pvbench.metrics import METRICS, Better
from pvbench.model import Cell
from pvbench.printable import clean, guarded

CONFIG = "otava.yaml"
OURS = b"# Written by `pvbench export --format otava`.\n"
FIXED = ("time", "run", "tool_version", "purpose", "emulation")
"""The columns that are no figure; all but the time are attributes of a change point."""


@dataclass(frozen=True)
class Column:
    """A figure that several runs may give: what it is called, and 1 where more of it is better, else -1."""

    name: str
    direction: int


@dataclass(frozen=True)
class Row:
    """A run: what stands in the columns that are no figure, the time first, and its figures."""

    facts: tuple[str, ...]
    figures: Mapping[Column, float]


def files(runs: Sequence[ExportedRun], path: Path) -> list[ExportedFile]:
    """Return the CSV files, the one asked for first, and the configuration beside them."""
    ordered = sorted(runs, key=lambda run: (run.manifest.started, run.manifest.run_id))
    return tables(FIXED, [Row(_facts(run), dict(_figures(run))) for run in ordered], path)


def tables(fixed: Sequence[str], rows: Sequence[Row], path: Path) -> list[ExportedFile]:
    """Return the same of any rows, oldest first; `fixed` are the names of their facts."""
    made, tests = [], {}
    for number, (given, columns) in enumerate(_groups([row.figures for row in rows]), start=1):
        file = path if number == 1 else path.parent / f"{path.stem}-{number}{path.suffix}"
        table = _csv([*fixed, *(column.name for column in columns)], [rows[i] for i in given], columns)
        made.append(ExportedFile(file, table, b"" if number == 1 else ",".join(fixed).encode()))
        tests["pvbench" if number == 1 else f"pvbench-{number}"] = _test(file, fixed, columns)
    config = yaml.safe_dump({"tests": tests}, sort_keys=False, allow_unicode=True, width=10_000).encode()
    return [*made, ExportedFile(path.parent / CONFIG, OURS + config, OURS)]


def _facts(run: ExportedRun) -> tuple[str, ...]:
    manifest = run.manifest
    label = wording.label(manifest.hosts)
    return (manifest.started, manifest.run_id, manifest.tool_version, str(manifest.purpose), label)


def _figures(run: ExportedRun) -> Iterator[tuple[Column, float]]:
    for cell in run.measured:
        for metric, values in units.figures(cell):
            direction = 1 if METRICS[metric].better is Better.HIGHER else -1
            yield Column(_name(cell.cell, units.measure(metric)), direction), median(values)
    for judged, estimate in run.ratios:
        pair = judged.pair
        against = f"{pair.candidate.metric.name} ratio to {pair.pairing.name(pair.baseline)}"
        yield Column(_name(pair.candidate.cell, against), 1), estimate.point


def _name(cell: Cell, figure: str) -> str:
    """Return a name that outlives a new build of the same stack."""
    same = Cell(replace(cell.arm, stack=cell.arm.stack_name), cell.workload)
    words = f"{cell.host} {cell.device} {wording.cell_title(cell)} {same.id} {figure}"
    return str(guarded(clean(words)))


def _groups(figures: Sequence[Mapping[Column, float]]) -> list[tuple[tuple[int, ...], list[Column]]]:
    """Return the columns by the runs that gave them, those of most runs and then of most columns first.

    Where there is no figure at all there is one group without columns, so that the file says which runs gave none.
    """
    given: dict[Column, tuple[int, ...]] = {}
    for number, row in enumerate(figures):
        for column in row:
            given[column] = (*given.get(column, ()), number)
    groups: dict[tuple[int, ...], list[Column]] = {} if given else {tuple(range(len(figures))): []}
    for column, numbers in given.items():
        groups.setdefault(numbers, []).append(column)
    return sorted(groups.items(), key=lambda group: (-len(group[0]), -len(group[1]), group[0]))


def _csv(names: Sequence[str], rows: Sequence[Row], columns: Sequence[Column]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        writer.writerow([*(guarded(clean(fact)) for fact in row.facts), *(row.figures[column] for column in columns)])
    return out.getvalue().encode()


def _test(file: Path, fixed: Sequence[str], columns: Sequence[Column]) -> dict[str, Any]:
    return {
        "type": "csv",
        "file": str(file.absolute()),
        "time_column": fixed[0],
        "attributes": list(fixed[1:]),
        "metrics": {each.name: {"column": each.name, "direction": each.direction, "scale": 1} for each in columns},
        "csv_options": {"delimiter": ",", "quote_char": '"'},
    }
