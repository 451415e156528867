"""What primitive operations take in a guest, as tables by host. Pure."""

from collections.abc import Mapping

from pvbench import figures as fmt
from pvbench.explain.trap_costs import Boot, Timed, timed
from pvbench.histogram import quantile_ns, tail_s, total
from pvbench.model import GuestMode, TrapCost
from pvbench.printable import clean
from pvbench.reports.mechanism_page import TrapRow, TrapTable


def trap_tables(boots: Mapping[Boot, tuple[TrapCost, ...]], modes: Mapping[Boot, GuestMode]) -> tuple[TrapTable, ...]:
    """Return a table for each host and mode of guests in which operations were timed, all boots of that together."""
    alike: dict[tuple[str, GuestMode], list[TrapCost]] = {}
    for boot, costs in boots.items():
        alike.setdefault((boot[0], modes[boot]), []).extend(costs)
    return tuple(
        TrapTable(clean(host) + ("" if mode is GuestMode.HVM else f", {mode} guests"), tuple(map(_row, own)))
        for (host, mode), costs in sorted(alike.items(), key=lambda pair: list(GuestMode).index(pair[0][1]))
        if (own := timed(costs))
    )


def _row(operation: Timed) -> TrapRow:
    bins = operation.bins
    low, *middle, high = (quantile_ns(bins, q) for q in (0.0, 0.25, 0.5, 0.75, 1.0))
    p90, p99 = (tail_s(bins, q) for q in (0.9, 0.99))
    return TrapRow(
        operation=clean(operation.name),
        rounds=f"{len(operation.rounds):,}",
        samples=f"{total(bins):,}",
        charged=fmt.brief(operation.charged_s),
        median=fmt.brief(middle[1] / 1e9),
        mean=fmt.brief(operation.mean_s),
        p90=fmt.brief(p90) if p90 is not None else "–",
        p99=fmt.brief(p99) if p99 is not None else "–",
        marks=(low, middle[0], middle[1], middle[2], high),
        mean_ns=operation.mean_s * 1e9,
        charged_ns=operation.charged_s * 1e9,
    )
