"""Histograms of latency → a table and percentile curves, merged over all blocks of a cell. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pvbench import wording
from pvbench.histogram import merge, tails_s, total
from pvbench.metrics import METRICS
from pvbench.model import Outcome
from pvbench.printable import clean
from pvbench.reports.page import Curve, CurveLine, CurvePoint, LatencyRow
from pvbench.samples import CellTrials

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999)
CURVES = 12
"""As many as a page holds."""
_METRIC = METRICS["latency_p50"]


@dataclass(frozen=True)
class Tails:
    """How many samples a cell has, and the quantile at each of PERCENTILES in seconds; None where few lie beyond."""

    samples: int
    ends: Mapping[float, float | None]


def tails_of(gathered: Sequence[CellTrials]) -> Mapping[str, Tails]:
    """Return each cell's, by its id, of all its good trials together; cells without a histogram are left out.

    One merged histogram at a time: those of thousands of trials together would take more room than the trials.
    """
    found = {}
    for cell in gathered:
        if bins := merge(trial.latency_bins for trial in cell.trials if trial.outcome is Outcome.OK):
            found[cell.id] = Tails(total(bins), dict(zip(PERCENTILES, tails_s(bins, PERCENTILES), strict=True)))
    return found


def rows(gathered: Sequence[CellTrials], tails: Mapping[str, Tails]) -> tuple[LatencyRow, ...]:
    """Return a row a cell; "–" stands where too few samples lie beyond a percentile."""
    return tuple(
        LatencyRow(
            wording.cell_title(found.cell),
            clean(found.cell.device),
            f"{tails[found.id].samples:,}",
            *("–" if (end := tails[found.id].ends[q]) is None else _METRIC.text(end) for q in (0.5, 0.99, 0.999)),
        )
        for found in gathered
        if found.id in tails
    )


def curves(gathered: Sequence[CellTrials], tails: Mapping[str, Tails], label: str) -> tuple[Curve, ...]:
    """Return a figure a workload and host, a line a device: latency by percentile, on two logarithmic axes."""
    families: dict[tuple[str, str], list[CellTrials]] = {}
    for found in gathered:
        if found.id in tails:
            families.setdefault((found.cell.host, wording.cell_title(found.cell)), []).append(found)
    several = len({host for host, _ in families}) > 1
    drawn = []
    for (host, workload), cells in families.items():
        where = f"{workload} on {clean(host)}" if several else workload
        lines = tuple(_line(cell, tails[cell.id]) for cell in cells)
        drawn += [_curve(where, lines, label)] if any(len(line.points) > 1 for line in lines) else []
    return tuple(drawn[:CURVES])


def _curve(workload: str, lines: tuple[CurveLine, ...], label: str) -> Curve:
    caption = f"{workload}: latency by percentile"
    return Curve(
        title=workload,
        axis="percentile",
        across="",
        across_title="percentile, spread towards the slowest",
        up=_METRIC.name,
        up_title="latency",
        caption=f"{caption} · {label}" if label else caption,
        lines=tuple(line for line in lines if line.points),
    )


def _line(cell: CellTrials, tails: Tails) -> CurveLine:
    points = tuple(
        CurvePoint(name := f"{share * 100:.5g} %", 1 / (1 - share), end, name, _METRIC.text(end))
        for share, end in tails.ends.items()
        if end
    )
    return CurveLine(clean(cell.cell.device), wording.io_path(cell.cell.device), points)
