"""What one I/O costs: exits by reason, CPU seconds by payer, and how much of its time the exits explain. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.model import Mechanism, Payer, TrapCost, Trial

EXIT = "exit: "
ROUND_TRIP = "device-model round trip"
PORT, MEMORY, CALL, HALT = "port I/O", "MMIO", "hypercall", "HLT"

TRAPS: Mapping[str, str] = MappingProxyType(
    {
        "port I/O, device model": "port read, device model",
        "memory I/O, device model": "memory read, device model",
        "port I/O, hypervisor": "port read, hypervisor",
        "hypercalls": "empty hypercall",
        "other exits": "empty hypercall",
    }
)
"""What exits are charged with: the operation of guestside/traps.c that does the same. An exit of any other kind costs
at least what the cheapest one does, in and out."""


@dataclass(frozen=True)
class Traced:
    """What a domain did for one I/O (or packet), from all traces of a cell together.

    `counts` are (what, how often for one I/O), the most frequent first; `away` are (reason, share of the traced time
    that the vCPU was out of the guest for it); `io_s` is the time of one I/O untraced, None where it is not known.
    """

    ios: float
    traced_s: float
    passes: int
    lost: int
    slowdown: float | None
    counts: tuple[tuple[str, float], ...]
    away: tuple[tuple[str, float], ...]
    io_s: float | None

    @property
    def exits(self) -> float:
        """Exits of every kind for one I/O."""
        return sum(often for what, often in self.counts if what.startswith(EXIT))

    def often(self, what: str) -> float:
        """Return how often something happened for one I/O."""
        return dict(self.counts).get(what, 0.0)


@dataclass(frozen=True)
class Share:
    """A part of the model: so many operations for one I/O, each taking `cost_s` seconds on average."""

    what: str
    often: float
    cost_s: float

    @property
    def seconds(self) -> float:
        """What they take together, for one I/O."""
        return self.often * self.cost_s


@dataclass(frozen=True)
class Model:
    """Exits × cost against the time of one I/O, both untraced. `lacking` are operations without a measured cost."""

    shares: tuple[Share, ...]
    lacking: tuple[str, ...]
    io_s: float

    @property
    def explained(self) -> float:
        """The share of the time of one I/O that the exits explain; above 1 where they cost more one by one."""
        return sum(share.seconds for share in self.shares) / self.io_s


@dataclass(frozen=True)
class Bill:
    """CPU seconds by payer over all windows of a cell, for one I/O and for one byte; None where nothing was counted."""

    paid: tuple[tuple[Payer, float], ...]
    wall_s: float
    cpus: int
    ios: int | None
    moved_bytes: int | None

    def per_io(self, payer: Payer) -> float | None:
        """Return CPU seconds for one I/O."""
        return dict(self.paid)[payer] / self.ios if self.ios else None

    def per_byte(self, payer: Payer) -> float | None:
        """Return CPU seconds for one byte."""
        return dict(self.paid)[payer] / self.moved_bytes if self.moved_bytes else None

    @property
    def accounted(self) -> float:
        """The sum of all payers over wall clock × CPUs; 1 where the clocks agree."""
        return sum(seconds for _, seconds in self.paid) / (self.wall_s * self.cpus)

    @property
    def dom0_share(self) -> float | None:
        """Dom0's part of the CPU time that was not idle."""
        paid = dict(self.paid)
        used = sum(seconds for payer, seconds in self.paid if payer is not Payer.IDLE)
        dom0 = (Payer.DEVICE_MODEL, Payer.BACKEND, Payer.PEER, Payer.DOM0)
        return sum(paid.get(payer, 0.0) for payer in dom0) / used if used else None


def traced(trials: Iterable[Trial]) -> Traced | None:
    """Return what all traces of a cell say of one I/O; None without a trace in which I/O was done."""
    pairs = [(trial, trial.mechanism) for trial in trials if trial.mechanism and trial.mechanism.ios]
    found = [each for _, each in pairs]
    if not found:
        return None
    ios, seconds = sum(each.ios for each in found), sum(each.traced_s for each in found)
    counts: Counter[str] = Counter()
    away: Counter[str] = Counter()
    for each in found:
        counts.update(dict(each.counts))
        away.update(dict(each.away))
    slowdowns = [each.slowdown for each in found if each.slowdown]
    slowdown = sum(slowdowns) / len(slowdowns) if slowdowns else None
    return Traced(
        ios, seconds, len(found), sum(each.lost for each in found), slowdown,
        tuple((what, often / ios) for what, often in counts.most_common()),
        tuple((what, spent / seconds) for what, spent in away.most_common() if seconds),
        _untraced(pairs),
    )  # fmt: skip


def _untraced(pairs: Sequence[tuple[Trial, Mechanism]]) -> float | None:
    """Return the time of one I/O in the timed passes: what the tool itself told, else from the trace's slowdown."""
    times = []
    for trial, each in pairs:
        rate = next((reading.value for reading in trial.readings if reading.metric == "iops"), None)
        if rate:
            times.append(1 / rate)
        elif each.slowdown:
            times.append(each.traced_s / each.ios / each.slowdown)
    return sum(times) / len(times) if times else None


def model(of: Traced, traps: Iterable[TrapCost]) -> Model | None:
    """Return exits × cost for one I/O; None where its time or every cost is unknown. HLT is waiting, not a cost."""
    costs = {trap.name: mean_s(trap) for trap in traps if trap.bins}
    if of.io_s is None or not costs:
        return None
    memory = of.often(EXIT + MEMORY)
    ports = max(0.0, of.often(ROUND_TRIP) - memory)
    often = {
        "port I/O, device model": ports,
        "memory I/O, device model": memory,
        "port I/O, hypervisor": max(0.0, of.often(EXIT + PORT) - ports),
        "hypercalls": of.often(EXIT + CALL),
        "other exits": sum(
            times for what, times in of.counts
            if what.startswith(EXIT) and what.removeprefix(EXIT) not in {PORT, MEMORY, CALL, HALT}
        ),
    }  # fmt: skip
    there = {what: times for what, times in often.items() if times}
    shares = tuple(Share(what, times, costs[TRAPS[what]]) for what, times in there.items() if TRAPS[what] in costs)
    return Model(shares, tuple(what for what in there if TRAPS[what] not in costs), of.io_s)


def mean_s(trap: TrapCost) -> float:
    """Return what an operation takes on average, in seconds: what adds up where many are made."""
    return sum(ns * count for ns, count in trap.bins) / sum(count for _, count in trap.bins) / 1e9


def billed(trials: Iterable[Trial]) -> Bill | None:
    """Return who paid for a cell's I/O, its trials' windows together; None without a bill."""
    bills = [trial.bill for trial in trials if trial.bill]
    if not bills:
        return None
    paid = {payer: sum(dict(bill.paid).get(payer, 0.0) for bill in bills) for payer in Payer}
    ios = [bill.ios for bill in bills]
    moved = [bill.moved_bytes for bill in bills]
    return Bill(
        tuple(paid.items()), sum(bill.wall_s for bill in bills), bills[0].cpus,
        sum(filter(None, ios)) if None not in ios else None, sum(filter(None, moved)) if None not in moved else None,
    )  # fmt: skip
