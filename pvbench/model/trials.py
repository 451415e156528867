"""What came of a trial: readings, commands, raw outputs, and the row that holds them with their evidence."""

from dataclasses import dataclass

from pvbench.histogram import Bins
from pvbench.model.arms import TrialSpec
from pvbench.model.evidence import CpuBill, Granted, Mechanism, TrapCost, Witness
from pvbench.model.flags import Flag
from pvbench.model.ids import digest
from pvbench.model.kinds import Outcome, Phase


@dataclass(frozen=True)
class Reading:
    """One value of one metric (a name in METRICS, in that metric's unit) from one trial."""

    metric: str
    value: float


@dataclass(frozen=True)
class CommandRecord:
    """A command line that was run for a trial: where, what, how it ended, seconds it took."""

    where: str
    argv: tuple[str, ...]
    exit_code: int | None
    elapsed_s: float | None


@dataclass(frozen=True)
class RawFile:
    """A tool's output kept verbatim: path relative to the run folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Trial:
    """What came of a TrialSpec. Without readings unless the outcome is OK; with a reason unless it is OK.

    `latency_bins` is fio's sparse histogram: (bin midpoint in ns, count), merged over directions.
    `seconds` are those of each Phase there was.
    `started` is ISO 8601, UTC. `flags` say what a reader should know of a trial that counts all the same. `windows`
    are the rates of equal parts of the measurement, in the primary metric's unit. `ceiling` is what the same load gave
    on the backing store itself, in dom0. `booted` is when its boot began, written as `started`: trials of one boot
    share it, and those of a later one under the same name do not. `attempt` counts from 1 the times that a pair (all
    arms of a workload in a boot) was measured because it was disturbed; `disturbance` is what else ran meanwhile:
    (source, share of that machine's CPU time), those that could be told. `in_use` is what its boot had in
    use of the stack for its device: (a name in PARTS, what was found), those that could be told. `guest_facts` are what
    the guest of its boot said it is: (a fact of pvbench.parts.guest_facts, what was found), likewise.
    """

    spec: TrialSpec
    outcome: Outcome
    reason: str | None
    started: str
    readings: tuple[Reading, ...] = ()
    latency_bins: Bins = ()
    witnesses: tuple[Witness, ...] = ()
    cache_mode: str | None = None
    commands: tuple[CommandRecord, ...] = ()
    raw: tuple[RawFile, ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()
    flags: tuple[Flag, ...] = ()
    windows: tuple[float, ...] = ()
    granted: tuple[Granted, ...] = ()
    bill: CpuBill | None = None
    mechanism: Mechanism | None = None
    traps: tuple[TrapCost, ...] = ()
    ceiling: tuple[Reading, ...] = ()
    booted: str | None = None
    attempt: int = 1
    disturbance: tuple[tuple[str, float], ...] = ()
    in_use: tuple[tuple[str, str], ...] = ()
    guest_facts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.OK) == (self.reason is not None):
            raise ValueError("a trial has a reason exactly when it is not OK")
        if self.outcome is Outcome.OK and not self.readings:
            raise ValueError("a trial without readings is not OK")
        if self.outcome is not Outcome.OK and self.readings:
            raise ValueError("a trial that is not OK carries no readings")

    @property
    def environment(self) -> str | None:
        """Digest of what was in use for its device; None where nothing is known. Values of several are never pooled."""
        return digest(self.in_use) if self.in_use else None

    @property
    def took_s(self) -> float | None:
        """The seconds it took, a pass under a trace included and the boot, which others share, not."""
        seconds = dict(self.seconds)
        return seconds[Phase.TRIAL] + seconds.get(Phase.TRACE, 0.0) if Phase.TRIAL in seconds else None
