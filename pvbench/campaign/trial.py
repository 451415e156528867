"""One trial: observe, measure, observe, judge; and, once its pair is measured, a further pass under a trace."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pvbench.clock import Clock
from pvbench.disturbance import Beneath, beneath, disturbed, stolen
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, CommandTimeout, ParseError, PvbenchError, StoreError, TransportError
from pvbench.evidence import outcome as verdict
from pvbench.histogram import Bins
from pvbench.hypervisor import Guest, GuestRun, HostEvidence, TracedLoad
from pvbench.model import (
    CommandRecord,
    Flag,
    FlagKind,
    Mechanism,
    Outcome,
    Phase,
    RawFile,
    Reading,
    Trial,
    TrialSpec,
    digest,
)
from pvbench.stats.steady import unsteady
from pvbench.store import Store
from pvbench.workloads import WORKLOADS, Measured, Params, Tool

TRACE_DELAY_S, TRACE_S, TRACE_LOAD_S = 2.0, 2.0, 5.5
"""When in a pass of its own the trace begins, how long it takes, how long the load lasts around it."""
CEILING_S = 2.0
"""How long the backing store itself is measured, at most."""


_T = TypeVar("_T")


@dataclass(frozen=True)
class Measuring:
    """What every trial of a run has in common: the seed, where raw outputs go, the clock, the blocks with a trace."""

    seed: int
    store: Store
    clock: Clock
    traced_blocks: int = 0
    booted: str | None = None
    beneath: Callable[[], Beneath | None] = lambda: None
    disturbed_above: float | None = None


def measure(spec: TrialSpec, guest: Guest, run: Measuring, attempt: int = 1) -> Trial:
    """Make one trial. A guest or a host that is gone raises; anything else that goes wrong is the trial's reason."""
    started = run.clock.now().isoformat(timespec="seconds")
    try:
        made = _measured(spec, guest, run, started)
    except (BootError, TransportError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001  one bad trial is one row, whatever it is bad by
        made = failed(spec, run.clock, reason_of(error), started)
    return replace(made, attempt=attempt, booted=run.booted)


def _measured(spec: TrialSpec, guest: Guest, run: Measuring, started: str) -> Trial:
    cell, begun = spec.cell, run.clock.monotonic()
    tool, params = WORKLOADS[cell.workload.tool], dict(cell.workload.params)
    window = float(params["runtime"]) + float(params["warmup"])
    target = guest.target(cell, _seed(spec, run.seed))
    argv, warmup = tool.argv(params, target), tool.warmup_argv(params, target)
    observation = guest.observe(cell.device)
    before = run.beneath()
    try:
        done = guest.execute(cell.device, warmup, argv, guest.patience(2) + 4 * window)
    except CommandTimeout as error:
        return replace(failed(spec, run.clock, str(error), started), disturbance=beneath(before, run.beneath()))
    below = beneath(before, run.beneath())
    seen = observation.finish()
    raw = tuple(
        run.store.keep(spec.id, name, printed)
        for name, printed in ((tool.raw_name, done.stdout), ("stderr.txt", done.stderr))
        if printed or name == tool.raw_name
    )
    spent = run.clock.monotonic() - begun
    found = verdict.judge(tool, params, DRIVERS[cell.device], done, seen.witness)
    witnesses = (replace(done.witness, facts=(*done.witness.facts, *found.facts)), seen.witness)
    readings: tuple[Reading, ...] = ()
    bins: Bins = ()
    windows: tuple[float, ...] = ()
    wavering: tuple[Flag, ...] = ()
    if found.measured:
        readings, bins = found.measured.readings, found.measured.latency_bins
        windows, wavering = _windows(tool, done.log, params, found.measured)
    shares = (*seen.disturbance, *below)
    upset = disturbed(shares, run.disturbed_above)
    return Trial(
        spec=spec,
        outcome=found.outcome,
        reason=found.reason,
        started=started,
        readings=readings,
        latency_bins=bins,
        witnesses=witnesses,
        cache_mode=guest.cache_mode(cell.device),
        commands=(*guest.commands, *_commands(done)),
        raw=raw,
        seconds=_seconds(guest.boot_seconds, done, spent),
        flags=(*found.flags, *wavering, *_taints(seen, done), *_flag(FlagKind.DISTURBED, upset)),
        windows=windows,
        bill=seen.bill,
        granted=seen.granted,
        disturbance=shares,
    )


def _commands(guest_run: GuestRun) -> Iterator[CommandRecord]:
    """Yield what ran in the guest: the warm-up where there was one, and the tool."""
    for ran in (guest_run.warmup, guest_run):
        if ran is not None:
            yield CommandRecord("guest", ran.argv, ran.exit_code, ran.elapsed_s)


def _seconds(boot_s: float, guest_run: GuestRun, trial_s: float) -> tuple[tuple[Phase, float], ...]:
    """Return what each phase of a trial took."""
    return (
        (Phase.BOOT, boot_s),
        *(((Phase.WARMUP, guest_run.warmup_s),) if guest_run.warmup_s is not None else ()),
        (Phase.TOOL, guest_run.elapsed_s),
        (Phase.TRIAL, trial_s),
        (Phase.OVERHEAD, trial_s - guest_run.elapsed_s - (guest_run.warmup_s or 0.0)),
    )


def failed(spec: TrialSpec, clock: Clock, reason: str, started: str | None = None) -> Trial:
    """Return the row of a trial that could not be made."""
    return Trial(spec, Outcome.NOT_MEASURED, reason, started or clock.now().isoformat(timespec="seconds"))


def reason_of(error: Exception) -> str:
    """Return an error as a trial's reason; one that is not ours is pvbench's own fault, and says so."""
    return (
        str(error)
        if isinstance(error, PvbenchError)
        else f"an error in pvbench itself, {type(error).__name__}: {error}"
    )


def explained(trial: Trial, guest: Guest, run: Measuring) -> Trial | None:
    """Look how a figure came about: the same load once more, short, under a trace; trap costs; the backing store.

    Returns the trial with all of that, None where its block carries no trace or there is no figure to explain. The
    figure is measured: what goes wrong here is a flag. A guest or host that is gone is met by the next trial.
    """
    if trial.outcome is not Outcome.OK or not trial.spec.traced(run.traced_blocks):
        return None
    begun = run.clock.monotonic()
    traced, untraced = _optional(FlagKind.MECHANISM, lambda: _traced(trial, guest, run))
    traps, untimed = _optional(FlagKind.TRAP_COSTS, guest.traps)
    ceiling, unreached = _optional(FlagKind.CEILING, lambda: _ceiling(trial, guest, run))
    found, raw = traced or (None, ())
    return replace(
        trial,
        mechanism=found,
        raw=(*trial.raw, *raw),
        flags=(*trial.flags, *untraced, *untimed, *unreached),
        traps=traps or (),
        ceiling=ceiling or (),
        seconds=(*trial.seconds, (Phase.TRACE, run.clock.monotonic() - begun)),
    )


def _optional(kind: FlagKind, look: Callable[[], _T]) -> tuple[_T | None, tuple[Flag, ...]]:
    """Return what a look came to, or None and a flag that says why. Only an interruption gets past."""
    try:
        return look(), ()
    except PvbenchError as error:
        return None, _flag(kind, str(error))
    except Exception as error:  # noqa: BLE001 - no answer of a host, however odd, costs a figure that is measured
        return None, _flag(kind, f"{type(error).__name__}: {error}")


def _traced(trial: Trial, guest: Guest, run: Measuring) -> tuple[Mechanism, tuple[RawFile, ...]]:
    cell = trial.spec.cell
    tool, asked = WORKLOADS[cell.workload.tool], dict(cell.workload.params)
    params: Mapping[str, str | int | float | bool] = asked | {"runtime": TRACE_LOAD_S, "warmup": 0}
    argv = tool.argv(params, guest.target(cell, _seed(trial.spec, run.seed)))
    # A load that failed, as iperf3 can with exit code 0, was no load.
    load = TracedLoad(argv, TRACE_DELAY_S, TRACE_S, _rate(trial), lambda printed: tool.parse(printed, params))
    made = guest.trace(cell.device, load)
    return made.mechanism, tuple(run.store.keep(trial.spec.id, name, content) for name, content in made.files)


def _rate(trial: Trial) -> float | None:
    """Return the I/Os (packets) a second of a timed pass, None where the host could not count them.

    They are counted as those of the trace are, by the host: what the tool counts as one, a device may do in parts. The
    device is busy while the tool warms up and measures; a tool's own start, long under emulation, is no part of that.
    """
    params = dict(trial.spec.cell.workload.params)
    busy_s = float(params.get("runtime", 0)) + float(params.get("warmup", 0))
    return trial.bill.ios / busy_s if trial.bill and trial.bill.ios and busy_s > 0 else None


def _ceiling(trial: Trial, guest: Guest, run: Measuring) -> tuple[Reading, ...]:
    """Return what the same load, short, gives on the backing store itself: no device can do better."""
    cell = trial.spec.cell
    tool = WORKLOADS[cell.workload.tool]
    asked = dict(cell.workload.params)
    params = asked | {"runtime": min(CEILING_S, float(asked["runtime"])), "warmup": 0}
    printed = guest.on_backing(
        cell, _seed(trial.spec, run.seed), lambda disk: tool.argv(params, disk), guest.patience(2) + 4 * CEILING_S
    )
    return tool.parse(printed, params).readings if printed else ()


def _windows(tool: Tool, log: bytes, params: Params, measured: Measured) -> tuple[tuple[float, ...], tuple[Flag, ...]]:
    """Return the rates of a measurement's parts, and what is to be said of them. A log amiss spoils no figure."""
    try:
        windows = tool.windows(log, params) if tool.windows else measured.windows
    except ParseError as error:
        return (), _flag(FlagKind.UNJUDGED, str(error))
    # Counted and told, never dropped or repeated: what is measured longer because it wavered is another experiment.
    return windows, _flag(FlagKind.UNSTEADY, unsteady(windows))


def _taints(evidence: HostEvidence, guest_run: GuestRun) -> tuple[Flag, ...]:
    robbed = stolen(guest_run.steal)
    return (*evidence.flags, *((robbed,) if robbed else ()))


def _flag(kind: FlagKind, detail: str | None) -> tuple[Flag, ...]:
    return () if detail is None else (Flag(kind, detail),)


def _seed(spec: TrialSpec, seed: int) -> int:
    """Return a seed that all arms share under a workload in a block, and no two blocks, boots of an arm or runs do."""
    repeats = [spec.run, *([spec.round] if spec.round > 1 else [])] if (spec.run, spec.round) != (1, 1) else []
    return int(digest([seed, spec.block, spec.cell.workload.id, *repeats], 7), 16)
