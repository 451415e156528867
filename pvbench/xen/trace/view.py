"""A trace as `pvbench trace` prints it, for people and for programs. Pure."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench.columns import columns
from pvbench.model import counted, exit_reason
from pvbench.printable import clean
from pvbench.xen.trace import UNATTRIBUTED, DomainCounts, Trace
from pvbench.xen.trace.plain_file import PlainFile

SCHEMA = 1
BUSIEST = 8
"""So many ports and pages are shown; the JSON has all."""

_KNOWN = {
    "given": "as --cpu says",
    "event": "as the records themselves say",
    "codes": "assumed from which codes there are; --cpu overrides that",
}


def render(trace: Trace, file: PlainFile, mhz: float | None) -> str:
    """Return what a trace says, for people. `mhz` is the frequency of the TSC."""
    seconds = _seconds(trace, mhz)
    lasted = f"{trace.cycles:,} TSC cycles" + ("" if seconds is None else f", {fmt.duration(seconds)}")
    lines = [f"{clean(file.name)}: {fmt.count(trace.records, 'record')} of {fmt.count(trace.cpus, 'CPU')}, {lasted}"]
    if file.cut:
        lines.append(f"LOWER BOUND: {file.cut}")
    lines += _remarks(trace)
    text = "\n".join(lines) + "\n"
    for number, counts in trace.domains.items():
        text += f"\n{_called(trace, number)}: {fmt.count(counts.exits, 'exit')}\n{_table(trace, counts, seconds)}"
        text += _busiest("port", counts.ports) + _busiest("page", counts.pages)
    return text


def as_data(trace: Trace, file: PlainFile, mhz: float | None) -> dict[str, Any]:
    """Return all figures, for programs: counts, and cycles of the TSC."""
    return {
        "schema": SCHEMA,
        "file": file.name,
        "records": trace.records,
        "lost": trace.lost,
        "truncated": trace.truncated,
        "cut": file.cut,
        "lower_bound": trace.lower_bound or file.cut is not None,
        "cpus": trace.cpus,
        "cycles": trace.cycles,
        "mhz": mhz,
        "seconds": _seconds(trace, mhz),
        "vendor": trace.vendor,
        "vendor_known": trace.vendor_known,
        "attributed": trace.attributed,
        "waits_seen": trace.waits_seen,
        "domains": [
            {
                "domain": None if number == UNATTRIBUTED else number,
                "exits": counts.exits,
                "counts": dict(counts.counts),
                "exit_codes": [{"code": code, "count": count} for code, count in counts.exit_codes],
                "ports": [{"port": port, "reads": reads, "writes": writes} for port, reads, writes in counts.ports],
                "pages": [{"page": page, "reads": reads, "writes": writes} for page, reads, writes in counts.pages],
                "cycles_by_exit": [asdict(each) for each in counts.cycles_by_exit],
            }
            for number, counts in trace.domains.items()
        ],
    }


def _seconds(trace: Trace, mhz: float | None) -> float | None:
    return trace.cycles / (mhz * 1e6) if mhz else None


def _remarks(trace: Trace) -> Iterator[str]:
    if trace.vendor and trace.vendor_known:
        yield f"exit codes are those of {trace.vendor.upper()}, {_KNOWN[trace.vendor_known]}"
    if trace.lost:
        yield f"LOWER BOUND: Xen lost {fmt.count(trace.lost, 'record')}; a larger buffer (xentrace -S) keeps them"
    if trace.truncated:
        yield "LOWER BOUND: the file ends inside a record or a window"
    if not trace.attributed:
        yield "nothing tells the domains apart: the trace has no records of the scheduler (mask 0x00021000)"
    if trace.vendor and not trace.waits_seen:
        yield "without runstates (mask 0x00021000) nothing tells which accesses went to the device model"


def _called(trace: Trace, number: int) -> str:
    if number != UNATTRIBUTED:
        return f"domain {number}"
    return "domain unknown, before the first switch" if trace.attributed else "any domain"


def _table(trace: Trace, counts: DomainCounts, seconds: float | None) -> str:
    took = {counted(each.reason): each for each in counts.cycles_by_exit}
    rows: list[tuple[str, ...]] = [
        ("WHAT", "COUNT", "PER SECOND", "OF EXITS", "CYCLES IN XEN", "MEDIAN", "CYCLES AWAY", "MEDIAN")
    ]
    for what, often in counts.counts:
        each = took.get(what)
        # Without the scheduler, Xen's work cannot be told from the guest's waiting.
        work = (each.hypervisor, each.hypervisor_median) if each and trace.attributed else None
        away = (each.away, each.away_median) if each else None
        rows.append(
            (
                what,
                f"{often:,}",
                "" if not seconds else fmt.significant(often / seconds),
                fmt.share(often / counts.exits) if exit_reason(what) else "",
                *(f"{number:,}" for number in work or ()),
                *("",) * (0 if work else 2),
                *(f"{number:,}" for number in away or ()),
                *("",) * (0 if away else 2),
            )
        )
    used = [index for index in range(len(rows[0])) if any(row[index] for row in rows[1:])]
    return columns([[row[index] for index in used] for row in rows], "  ")


def _busiest(what: str, rows: tuple[tuple[int, int, int], ...]) -> str:
    if not rows:
        return ""
    shown = [(what.upper(), "READ", "WRITTEN")] + [
        (f"{number:#x}", f"{reads:,}", f"{writes:,}") for number, reads, writes in rows[:BUSIEST]
    ]
    left = len(rows) - BUSIEST
    more = f"  and {fmt.count(left, f'{what} less busy', f'{what}s less busy')}\n" if left > 0 else ""
    return columns(shown, "  ") + more
