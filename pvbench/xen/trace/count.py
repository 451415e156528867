"""Records → counts by domain: every chunk is split by physical CPU, and each CPU carries its state to the next."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from pvbench.xen.trace.events import CALLED, COUNTED, WIDE, Kind
from pvbench.xen.trace.records import Flags, Ints, Records
from pvbench.xen.trace.stretch import Cpu, Stretches, joined
from pvbench.xen.trace.tally import Spread, Tally

PATIENCE = 1_000_000
"""So many stretches of vCPUs that never had an exit are kept; by then those are of PV domains, and are dropped."""

_PORTS = (Kind.PORT_READ, Kind.PORT_WRITE)
_PAGES = (Kind.MMIO_READ, Kind.MMIO_WRITE)
_CALLS = (Kind.HVM_CALL, Kind.PV_CALL)
_RUNSTATES = (Kind.RUNS, Kind.STOPS, Kind.WAITS)


class Counts:
    """Everything that is counted, by domain; a domain below zero is -1 - CPU, where nobody knows who ran."""

    def __init__(self) -> None:
        self.codes, self.kinds, self.calls, self.ports, self.pages, self.waits = (Tally() for _ in range(6))
        self.mmio = Tally()
        self.hypervisor, self.away = Spread(), Spread()
        self.cpus: dict[int, Cpu] = {}
        self.lost, self.first, self.last = 0, 0, 0
        self.svm_event, self.attributed, self.runstates = False, False, False
        self._apart: list[Stretches] = []
        self._hvm = np.empty(0, np.int64)
        self._kept = 0
        self._losses = [np.empty(0, np.int64)]

    def add(self, records: Records) -> None:
        """Count a chunk."""
        stamps = records.tsc[records.tsc > 0]
        if len(stamps):
            low, high = int(stamps.min()), int(stamps.max())
            self.first, self.last = min(self.first or low, low), max(self.last, high)
        records = records.pick(np.flatnonzero(records.kind > Kind.CPU_CHANGE))
        self.svm_event = self.svm_event or bool((records.kind == Kind.SVM_EXIT).any())
        self.runstates = self.runstates or bool(np.isin(records.kind, _RUNSTATES).any())
        lost = records.kind == Kind.LOST
        self.lost += int(records.word(0)[lost].sum())
        self._losses.append(records.tsc[lost])
        for number in np.unique(records.cpu).tolist():
            cpu = self.cpus.setdefault(number, Cpu(number))
            self._one_cpu(cpu, records.pick(np.flatnonzero(records.cpu == number)))

    def _one_cpu(self, cpu: Cpu, records: Records) -> None:
        owner, switches = cpu.owners(records)
        self.attributed = self.attributed or cpu.owner >= 0
        domain = _domain(owner)
        first = records.word(0)

        def tally(into: Tally, kinds: Iterable[Kind], key: Ints) -> None:
            which = np.flatnonzero(np.isin(records.kind, list(kinds)))
            into.add(domain[which], key[which])

        exits = np.isin(records.kind, (Kind.EXIT, Kind.SVM_EXIT))
        tally(self.codes, (Kind.EXIT, Kind.SVM_EXIT), first)
        tally(self.kinds, COUNTED, records.kind.astype(np.int64))
        calls = np.flatnonzero(np.isin(records.kind, _CALLS))
        number = first[calls] & 0xFFFFF
        named = np.isin(number, list(CALLED))
        self.calls.add(domain[calls][named], number[named])
        writes = np.isin(records.kind, (Kind.PORT_WRITE, Kind.MMIO_WRITE)).astype(np.int64)
        tally(self.ports, _PORTS, (first & 0xFFFF) << 1 | writes)
        high = np.where(records.event & np.uint32(WIDE) != 0, records.word(1), 0)
        tally(self.pages, _PAGES, (high << 20 & 0xFFFFF00000 | first >> 12) << 1 | writes)

        stretches = cpu.stretches(records, owner, switches)
        waited = cpu.waits(records)
        self.waits.add(_domain(waited), np.zeros_like(waited))
        self._hvm = np.union1d(self._hvm, owner[exits])
        self._served(stretches)

    def _served(self, stretches: Stretches) -> None:
        """Count exits that were served at once; keep the stretches of others until all are there."""
        whole = (stretches.code >= 0) & stretches.entered
        at_once = stretches.pick(whole)
        self._whole(at_once.owner, at_once.code, at_once.worked, at_once.worked, at_once.mmio)
        self._apart.append(stretches.pick(~whole))
        self._kept += len(self._apart[-1].owner)
        if self._kept > PATIENCE:
            self._apart = [each.pick(np.isin(each.owner, self._hvm)) for each in self._apart]
            self._kept = 0

    def _whole(self, owner: Ints, code: Ints, hypervisor: Ints, away: Ints, mmio: Flags) -> None:
        domain, key = _domain(owner), code << 1 | mmio
        self.mmio.add(domain[mmio], code[mmio])
        timed = (hypervisor >= 0) & (away >= 0)
        self.hypervisor.add(domain[timed], key[timed], hypervisor[timed])
        self.away.add(domain[timed], key[timed], away[timed])

    def finish(self) -> None:
        """Count the exits whose stretches were apart. Once, after the last chunk."""
        apart = [each.pick(np.isin(each.owner, self._hvm)) for each in self._apart]
        self._apart = []
        self._whole(*joined(apart, np.sort(np.concatenate(self._losses))))

    def who(self, domain: int) -> int:
        """Return whose a count is: the domain, or where that is unknown who left the CPU first, or -1."""
        if domain >= 0:
            return domain
        cpu = self.cpus.get(-1 - domain)  # a damaged file may name CPUs that have no records
        return -1 if cpu is None or cpu.before is None else cpu.before


def by_domain(counts: Counts, tally: Tally) -> dict[int, Counter[int]]:
    """Return a tally as one counter a domain."""
    found: dict[int, Counter[int]] = {}
    for (domain, key), often in tally.counts.items():
        found.setdefault(counts.who(domain), Counter())[key] += often
    return found


def _domain(owner: Ints) -> Ints:
    return np.where(owner >= 0, owner >> 16, owner)
