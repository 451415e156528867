"""A file → a Trace: reads it, counts, and names what was counted once all exit codes are known."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pvbench.model import Event, Exit, counted
from pvbench.xen.trace.answer import DomainCounts, ExitCycles, Trace, Vendor
from pvbench.xen.trace.count import Counts, by_domain
from pvbench.xen.trace.events import CALLED, COUNTED, FAULTS, SVM_ONLY, VMX_ENTRY_FAILED, Kind, reason
from pvbench.xen.trace.records import CHUNK, Reader
from pvbench.xen.trace.tally import Spread, median


def read(
    path: Path,
    *,
    domain: int | None = None,
    svm: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
    chunk: int = CHUNK,
    name: str | None = None,
) -> Trace:
    """Decode a trace and count. Raises TraceError with the byte offset at what is no trace, or damaged.

    With `domain` only that one is in the result, if it did anything. `svm` says whose exit codes these are (True SVM,
    False VMX), else they tell. `progress` is called with (bytes read, bytes there are); `name` is what errors call the
    file. A file of any size takes some tens of MB of memory with chunks of 4 MiB, and about 80 bytes for each exit that
    waited.
    """
    reader, counts = Reader(path, chunk, name), Counts()
    for done, records in reader:
        counts.add(records)
        if progress:
            progress(done, reader.size)
    counts.finish()
    vendor, known = _vendor(counts, svm)
    return Trace(
        domains=MappingProxyType(_domains(counts, domain, None if vendor is None else vendor == "svm")),
        cpus=len(reader.cpus),
        records=reader.records,
        lost=counts.lost,
        truncated=reader.truncated,
        cycles=counts.last - counts.first,
        vendor=vendor,
        vendor_known=known,
        attributed=counts.attributed,
        waits_seen=counts.runstates,
    )


def _vendor(counts: Counts, svm: bool | None) -> tuple[Vendor | None, str | None]:
    codes = {code for _, code in counts.codes.counts}
    if svm is not None:
        return "svm" if svm else "vmx", "given"
    if counts.svm_event:
        return "svm", "event"
    if not codes:
        return None, None
    return "svm" if any(code in SVM_ONLY for code in codes) else "vmx", "codes"


def _domains(counts: Counts, only: int | None, svm: bool | None) -> dict[int, DomainCounts]:
    tallies = {
        name: by_domain(counts, getattr(counts, name))
        for name in ("codes", "kinds", "calls", "ports", "pages", "waits", "mmio")
    }
    seen = {domain for name, tally in tallies.items() if name != "waits" for domain in tally}
    return {
        domain: _domain(
            {name: tally.get(domain, Counter()) for name, tally in tallies.items()},
            _cycles(counts, domain, svm),
            svm,
            counts.runstates,
        )
        for domain in sorted(seen)
        if only in (None, domain)
    }


def _domain(
    tallies: Mapping[str, Counter[int]], cycles: tuple[ExitCycles, ...], svm: bool | None, runstates: bool
) -> DomainCounts:
    exits = tallies["codes"].total()
    named: Counter[str] = Counter()
    for code, often in tallies["codes"].items():
        served = tallies["mmio"][code] if code in FAULTS else 0
        named[counted(_reason(code, False, svm))] += often - served
        named[Exit.MEMORY_IO.counted] += served
    for kind, often in tallies["kinds"].items():
        named[COUNTED[Kind(kind)]] += often
    for call, often in tallies["calls"].items():
        named[CALLED[call]] += often
    if exits and runstates:
        named[Event.ROUND_TRIP] = tallies["waits"].total()
    counts = [(name, often) for name, often in named.items() if often]
    return DomainCounts(
        exits,
        tuple(sorted(counts, key=_most)),
        tuple(sorted(tallies["codes"].items(), key=_most)),
        _both_ways(tallies["ports"], 1),
        _both_ways(tallies["pages"], 1 << 12),
        cycles,
    )


def _most(pair: tuple[str | int, int]) -> tuple[int, str | int]:
    return -pair[1], pair[0]


def _both_ways(tally: Counter[int], unit: int) -> tuple[tuple[int, int, int], ...]:
    rows = [((key >> 1) * unit, tally[key & ~1], tally[key | 1]) for key in {key & ~1 for key in tally}]
    return tuple(sorted(rows, key=lambda row: (-row[1] - row[2], row[0])))


def _reason(code: int, mmio: bool, svm: bool | None) -> str:
    if mmio and code in FAULTS:
        return Exit.MEMORY_IO
    # A VM entry that failed leaves a basic reason with the top bit set (SDM volume 3, 25.9.1).
    return reason(code & ~VMX_ENTRY_FAILED if svm is False else code, svm)


def _cycles(counts: Counts, domain: int, svm: bool | None) -> tuple[ExitCycles, ...]:
    hypervisor, away = (_by_reason(counts, spread, domain, svm) for spread in (counts.hypervisor, counts.away))
    rows = [
        ExitCycles(name, bins.total(), total, median(bins), away[name][0], median(away[name][1]))
        for name, (total, bins) in hypervisor.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.hypervisor, row.reason)))


def _by_reason(counts: Counts, spread: Spread, domain: int, svm: bool | None) -> dict[str, tuple[int, Counter[int]]]:
    found: dict[str, tuple[int, Counter[int]]] = {}
    for (whose, key), total in spread.totals.items():
        if counts.who(whose) == domain:
            name = _reason(key >> 1, bool(key & 1), svm)
            before, bins = found.get(name, (0, Counter()))
            found[name] = before + total, bins + spread.bins[whose, key]
    return found
