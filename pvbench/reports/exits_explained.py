"""Exits × cost against the time of one I/O, in a sentence, and what the trace itself saw of that time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench import figures as fmt
from pvbench.explain.exit_model import Model, Share, Traced, model
from pvbench.model import Exit, TrapCost, Workload, exit_reason
from pvbench.printable import clean
from pvbench.workloads import WORKLOADS, Operation

ENOUGH = 0.6
"""A model that explains less than this says what it lacks."""
SMALL = 0.02
"""Operations that make up less than this share of the model are told together."""
UNSPLIT = 44 << 10
"""The largest request that every driver sends whole: 11 pages. What fio counts once, a device may do in parts."""

CLEARLY = 0.1
"""Shares of time that differ by less are called the same."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "port I/O, device model": "port accesses served by the device model",
        "memory I/O, device model": "memory accesses served by the device model",
        "port I/O, hypervisor": "port accesses served by the hypervisor",
        "hypercalls": "hypercalls",
        "other exits": "other exits, charged as empty hypercalls,",
    }
)


@dataclass(frozen=True)
class Requests:
    """What an I/O of a workload is called."""

    workload: Workload
    noun: str

    @property
    def thing(self) -> str:
        """Read, write, I/O or packet."""
        return self._operation.noun if self.noun == "I/O" and self.whole else self.noun

    @property
    def whole(self) -> bool:
        """Whether what the tool counts as one is one to the device too."""
        return self._operation.size_bytes <= UNSPLIT

    @property
    def alone(self) -> bool:
        """Whether one I/O is under way at a time, so that the time between two is the time one takes."""
        return self.noun == "I/O" and self._operation.alone

    @property
    def _operation(self) -> Operation:
        tool = WORKLOADS.get(self.workload.tool)
        return tool.operation(dict(self.workload.params)) if tool else Operation("I/O")


DISTURBED = "the operations were timed under disturbance"
INCONSISTENT = "inconsistent"


def model_line(trace: Traced, traps: Iterable[TrapCost], requests: Requests) -> str:
    """Return the model's sentences; empty where the time of an I/O or every cost is unknown."""
    made = model(trace, traps, alone=requests.alone)
    if made is None or not requests.whole:
        return ""
    time = (
        f"the {fmt.brief(made.io_s)} one {requests.thing} takes"
        if requests.alone
        else f"{fmt.brief(made.io_s)} per {requests.thing}{f' on {made.vcpus} vCPUs' if made.vcpus > 1 else ''}"
    )
    if made.explained is None:
        return f"explains nothing: it comes to far more than {time}, so {DISTURBED}."
    seconds = sum(share.seconds for share in made.shares)
    least = "at least " if trace.lost else ""
    said = [f"{_sum(made.shares)} = {least}{fmt.brief(seconds)} of {time} ({_explained(made)})."]
    if made.lacking:
        said.append(f"Not timed, so not counted: {', '.join(_NAMES[what] for what in made.lacking)}.")
    if made.explained < ENOUGH:
        said.append(_missing(trace, made.explained))
    elif made.explained > 1:
        said.append("It is above 100 % because operations timed one by one cost more than those of a busy guest.")
    return " ".join(said)


def _explained(model: Model) -> str:
    assert model.explained is not None  # noqa: S101 - the caller has looked
    said, other = f"{model.explained * 100:.0f} %", model.at_mean
    if other is None:
        return f"{said}; at the mean cost of all rounds far more than that: some were disturbed"
    mean = f"{other * 100:.0f} %"
    return said if mean == said else f"{said}; {mean} at the mean cost of all rounds"


def away(trace: Traced) -> str:
    """Return how much of the traced time the vCPU was out of the guest, by reason; empty where that was not timed."""
    if not trace.away:
        return ""
    if not trace.consistent:
        return f"In the trace the vCPU’s exits add up to more time than it lasted: {INCONSISTENT}, so no share is told."
    shares = [(_plain(reason), share) for reason, share in trace.away if share >= 0.005]
    reasons = ", ".join(
        f"{'halted, which is waiting,' if why == Exit.HALT else clean(why)} {fmt.part(share)}" for why, share in shares
    )
    outside = sum(share for _, share in trace.away)
    return f"In the trace the vCPU was out of the guest for {fmt.part(outside)} of the time" + (
        f": {reasons}." if reasons else "."
    )


def _sum(shares: Iterable[Share]) -> str:
    ranked = sorted(shares, key=lambda share: -share.seconds)
    whole = sum(share.seconds for share in ranked)
    large = [share for share in ranked if share.seconds >= SMALL * whole]
    terms = [f"{_times(share.often)} {_NAMES[share.what]} × {fmt.brief(share.cost_s)}" for share in large]
    rest = whole - sum(share.seconds for share in large)
    return " + ".join([*terms, *([f"{fmt.brief(rest)} of rarer ones"] if rest > 0 else [])])


def _missing(trace: Traced, explained: float) -> str:
    found = {_plain(reason): share for reason, share in trace.away}
    if not found:
        return "Where the rest goes was not traced."
    if not trace.consistent:
        return f"Where the rest goes the trace does not tell: what it says of the time is {INCONSISTENT}."
    waiting = found.pop(Exit.HALT, 0.0)
    working = sum(found.values())
    if working > explained + CLEARLY:
        return (
            "What is missing is the exits’ own price under load: in the trace they kept the vCPU out of the guest for "
            f"{fmt.part(working)} of the time, so there each took longer than when timed one by one."
        )
    inside = max(0.0, 1 - waiting - working)
    return (
        f"The rest is no exit’s: in the trace the vCPU was halted for {fmt.part(waiting)} of the time, which is "
        f"waiting for the backend or the device, and in the guest itself for {fmt.part(inside)}."
    )


def _times(often: float) -> str:
    return f"{often:,.1f}" if often >= 0.95 else fmt.significant(often, 2)


def _plain(reason: str) -> str:
    return exit_reason(reason) or reason
