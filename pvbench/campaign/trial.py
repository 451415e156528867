"""One trial: observe, measure, observe, judge."""

from collections.abc import Iterator
from dataclasses import replace

from pvbench.campaign.booted import Booted
from pvbench.clock import Clock
from pvbench.disturbance import beneath, disturbed, stolen
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, CommandTimeout, ParseError, PvbenchError, StoreError, TransportError
from pvbench.evidence import outcome
from pvbench.histogram import Bins
from pvbench.hypervisor import GuestRun, HostEvidence
from pvbench.model import (
    AS_FOUND,
    Arm,
    CommandRecord,
    Flag,
    FlagKind,
    Outcome,
    Phase,
    Reading,
    Trial,
    TrialSpec,
)
from pvbench.stats.steady import unsteady
from pvbench.workloads import WORKLOADS, Measured, Params, Tool


def measure(spec: TrialSpec, booted: Booted, attempt: int = 1) -> Trial:
    """Make one trial. A guest or a host that is gone raises; anything else that goes wrong is the trial's reason."""
    started = booted.clock.now().isoformat(timespec="seconds")
    try:
        made = _measured(spec, booted, started)
    except (BootError, TransportError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001  one bad trial is one row, whatever it is bad by
        made = failed(spec, booted.clock, reason_of(error), started)
    return replace(made, attempt=attempt, booted=booted.since, guest_facts=booted.facts)


def _measured(spec: TrialSpec, booted: Booted, started: str) -> Trial:
    cell, begun = spec.cell, booted.clock.monotonic()
    tool, params = WORKLOADS[cell.workload.tool], dict(cell.workload.params)
    target = booted.target(spec)
    argv, warmup = tool.argv(params, target), tool.warmup_argv(params, target)
    observation = booted.guest.observe(cell.device)
    before = booted.held.beneath()
    try:
        guest_run = booted.guest.execute(cell.device, warmup, argv, booted.guest.patience(2) + 4 * _asked_s(params))
    except CommandTimeout as error:
        return replace(
            failed(spec, booted.clock, str(error), started), disturbance=beneath(before, booted.held.beneath())
        )
    beneath_shares = beneath(before, booted.held.beneath())
    evidence = observation.finish()
    raw = tuple(booted.store.keep(spec.id, name, printed) for name, printed in _outputs(tool, guest_run))
    trial_s = booted.clock.monotonic() - begun
    judged = outcome.judge(tool, params, DRIVERS[cell.device], guest_run, evidence.witness, cell.arm.mode)
    in_use = booted.in_use(cell.device)
    judged = outcome.unless(judged, booted.another_build(cell.arm, dict(in_use)))
    host = replace(evidence.witness, facts=(*evidence.witness.facts, *_stack(cell.arm, booted)))
    witnesses = (replace(guest_run.witness, facts=(*guest_run.witness.facts, *judged.facts)), host)
    readings: tuple[Reading, ...] = ()
    bins: Bins = ()
    windows: tuple[float, ...] = ()
    wavering: tuple[Flag, ...] = ()
    if judged.measured:
        readings, bins = judged.measured.readings, judged.measured.latency_bins
        windows, wavering = _windows(tool, guest_run.log, params, judged.measured)
    shares = (*evidence.disturbance, *beneath_shares)
    cause = disturbed(shares, booted.disturbed_above)
    return Trial(
        spec=spec,
        outcome=judged.outcome,
        reason=judged.reason,
        started=started,
        readings=readings,
        latency_bins=bins,
        witnesses=witnesses,
        cache_mode=booted.guest.cache_mode(cell.device),
        commands=(*booted.guest.commands, *_commands(guest_run)),
        raw=raw,
        seconds=_seconds(booted.guest.boot_seconds, guest_run, trial_s),
        flags=(*judged.flags, *wavering, *_taints(evidence, guest_run), *_flag(FlagKind.DISTURBED, cause)),
        windows=windows,
        bill=evidence.bill,
        granted=evidence.granted,
        disturbance=shares,
        in_use=in_use,
    )


def _stack(arm: Arm, booted: Booted) -> tuple[tuple[str, str], ...]:
    """Return what the host says it runs where that changes within a run; nothing where the manifest says it."""
    if arm.stack == AS_FOUND:
        return ()
    facts = booted.held.hypervisor.facts()
    return ("stack", arm.stack), ("hypervisor", facts.hypervisor), ("kernel of the host", facts.kernel)


def _asked_s(params: Params) -> float:
    """Return what a tool was asked to take, in seconds."""
    return float(params["runtime"]) + float(params["warmup"])


def _outputs(tool: Tool, guest_run: GuestRun) -> Iterator[tuple[str, bytes]]:
    """Yield what is kept of what the tool printed, by name: always its output, its complaints where there are any."""
    yield tool.raw_name, guest_run.stdout
    if guest_run.stderr:
        yield "stderr.txt", guest_run.stderr


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
    if isinstance(error, BootError) and error.hint:  # a report is all that many see of it
        return f"{error} ({error.hint})"
    return (
        str(error)
        if isinstance(error, PvbenchError)
        else f"an error in pvbench itself, {type(error).__name__}: {error}"
    )


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
