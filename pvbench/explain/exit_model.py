"""What one I/O costs in exits, by reason, and how much of its time they explain. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.explain.cpu_bill import within
from pvbench.explain.trap_costs import timed
from pvbench.model import Event, Exit, Mechanism, TrapCost, Trial, exit_reason

DISTURBED = 1.2
"""Exits that cost more than this share of the time there was were not timed in the guest that made them. Up to here it
may be that operations timed one by one cost more than those of a busy guest."""

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


_APART = {Exit.PORT_IO, Exit.MEMORY_IO, Exit.HYPERCALL, Exit.HALT}
"""What has an operation of its own, or is waiting."""


@dataclass(frozen=True)
class Traced:
    """What a guest did for one I/O (or packet), from all traces of a cell together.

    `counts` are (what, how often for one I/O), the most frequent first; `away` are (reason, share of the traced time of
    all `vcpus` that they were out of the guest for it); `io_s` is the time of one I/O untraced, None where that is not
    known; `recorded_bytes` is what was recorded of all guests, None where that was not kept.
    """

    ios: float
    traced_s: float
    passes: int
    lost: int
    slowdown: float | None
    counts: tuple[tuple[str, float], ...]
    away: tuple[tuple[str, float], ...]
    io_s: float | None
    vcpus: int = 1
    recorded_bytes: int | None = None

    @property
    def exits(self) -> float:
        """Exits of every kind for one I/O."""
        return sum(often for what, often in self.counts if exit_reason(what))

    @property
    def calls(self) -> float | None:
        """Hypercalls for one I/O of a guest that has no exits, a PV one; None of any other, whose calls are exits."""
        often = self.often(Event.GUEST_CALL)
        return often if often and not self.exits else None

    @property
    def consistent(self) -> bool:
        """Whether the vCPUs were out of the guest for no longer than the trace lasted."""
        return within(sum(share for _, share in self.away))

    def often(self, name: str) -> float:
        """Return how often something happened for one I/O."""
        return dict(self.counts).get(name, 0.0)


@dataclass(frozen=True)
class Share:
    """A part of the model: so many operations for one I/O, each charged `cost_s` seconds; their mean is `mean_s`."""

    what: str
    often: float
    cost_s: float
    mean_s: float

    @property
    def seconds(self) -> float:
        """What they take together, for one I/O."""
        return self.often * self.cost_s


@dataclass(frozen=True)
class Model:
    """Exits × cost against the time of one I/O, both untraced. `lacking` are operations without a measured cost.

    So many `vcpus` may have spent that time at once.
    """

    shares: tuple[Share, ...]
    lacking: tuple[str, ...]
    io_s: float
    vcpus: int = 1

    @property
    def explained(self) -> float | None:
        """The share of the time of one I/O that the exits explain; None where they were timed under disturbance."""
        return _plausible(sum(share.seconds for share in self.shares) / self.io_s / self.vcpus)

    @property
    def at_mean(self) -> float | None:
        """The same at the mean cost of all rounds, disturbed ones among them."""
        return _plausible(sum(share.often * share.mean_s for share in self.shares) / self.io_s / self.vcpus)


def traced(trials: Iterable[Trial], vcpus: int = 1) -> Traced | None:
    """Return what all traces of a cell say of one I/O; None without a trace in which I/O was done."""
    pairs = [(trial, trial.mechanism) for trial in trials if trial.mechanism and trial.mechanism.ios]
    passes = [one for _, one in pairs]
    if not passes:
        return None
    ios, seconds = sum(one.ios for one in passes), sum(one.traced_s for one in passes)
    counts: Counter[str] = Counter()
    away: Counter[str] = Counter()
    for one in passes:
        counts.update(dict(one.counts))
        away.update(dict(one.away))
    sizes = [one.recorded_bytes for one in passes]
    slowdowns = [one.slowdown for one in passes if one.slowdown]
    slowdown = sum(slowdowns) / len(slowdowns) if slowdowns else None
    return Traced(
        ios=ios,
        traced_s=seconds,
        passes=len(passes),
        lost=sum(one.lost for one in passes),
        slowdown=slowdown,
        counts=tuple((what, often / ios) for what, often in counts.most_common()),
        away=tuple((what, spent / seconds / vcpus) for what, spent in away.most_common() if seconds),
        io_s=_untraced(pairs),
        vcpus=vcpus,
        recorded_bytes=None if None in sizes else sum(filter(None, sizes)),
    )


def _untraced(pairs: Sequence[tuple[Trial, Mechanism]]) -> float | None:
    """Return the time of one I/O in the timed passes: what the tool itself told, else from the trace's slowdown."""
    times = []
    for trial, mechanism in pairs:
        rate = next((reading.value for reading in trial.readings if reading.metric == "iops"), None)
        if rate:
            times.append(1 / rate)
        elif mechanism.slowdown:
            times.append(mechanism.traced_s / mechanism.ios / mechanism.slowdown)
    return sum(times) / len(times) if times else None


def model(trace: Traced, traps: Iterable[TrapCost], *, alone: bool = True) -> Model | None:
    """Return exits × cost for one I/O; None where its time or all their costs are unknown. HLT is waiting, not a cost.

    I/Os that are not alone may be under way on all vCPUs at once.
    """
    costs = {each.name: each for each in timed(traps)}
    if not trace.io_s or not costs:
        return None
    memory = trace.often(Exit.MEMORY_IO.counted)
    ports = max(0.0, trace.often(Event.ROUND_TRIP) - memory)
    often = {
        "port I/O, device model": ports,
        "memory I/O, device model": memory,
        "port I/O, hypervisor": max(0.0, trace.often(Exit.PORT_IO.counted) - ports),
        "hypercalls": trace.often(Exit.HYPERCALL.counted) + trace.often(Event.GUEST_CALL),
        "other exits": sum(
            times for what, times in trace.counts if (reason := exit_reason(what)) and reason not in _APART
        ),
    }
    seen = {what: times for what, times in often.items() if times}
    shares = tuple(
        Share(what, times, cost.charged_s, cost.mean_s)
        for what, times in seen.items()
        if (cost := costs.get(TRAPS[what]))
    )
    if not shares:  # a PV guest makes calls that no program of it can time, and has no exits
        return None
    return Model(
        shares, tuple(what for what in seen if TRAPS[what] not in costs), trace.io_s, 1 if alone else trace.vcpus
    )


def _plausible(share: float) -> float | None:
    return share if share <= DISTURBED else None
