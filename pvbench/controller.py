"""The loop: lease, clean, set up; boot, observe, measure, observe, judge, record; tear down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from pvbench import path
from pvbench.clock import Clock
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, CommandTimeout, HostBusy, PvbenchError, ResumeRefused, StoreError, TransportError
from pvbench.hypervisor import Guest, GuestSpec, Hypervisor
from pvbench.model import CommandRecord, HostFacts, Outcome, Placement, Reading, Trial, TrialSpec, digest
from pvbench.stats.steady import unsteady
from pvbench.store import Manifest, Store
from pvbench.workloads import WORKLOADS

ATTEMPTS = 2  # how often a boot is tried for the trials it could not serve
PAUSES_S = (5.0, 15.0, 30.0)  # before a host that was lost is visited again: an sshd that restarts takes seconds


class Progress(Protocol):
    """Who watches. Every method may do nothing."""

    def booting(self, boot: str, trials: int, attempt: int) -> None:
        """Tell that a guest is being booted for so many trials."""
        ...

    def booted(self, boot: str, seconds: float) -> None:
        """Tell that it answers."""
        ...

    def measuring(self, spec: TrialSpec) -> None:
        """Tell that a trial begins."""
        ...

    def recorded(self, trial: Trial) -> None:
        """Tell that a trial is on disk."""
        ...


@dataclass(frozen=True)
class Settings:
    """What every boot of a run has in common: sizes in bytes, placement, the seed."""

    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    seed: int
    settle_s: float = 0.0


@dataclass(frozen=True)
class HeldHost:
    """A host that is ours: its hypervisor, and how to hold on to it."""

    hypervisor: Hypervisor
    renew: Callable[[], None]


@dataclass(frozen=True)
class RunSummary:
    """How many trials of the plan have which outcome now."""

    ok: int
    invalid: int
    not_measured: int


Connect = Callable[[str], AbstractContextManager[HeldHost]]


def run(
    plan: Sequence[TrialSpec], connect: Connect, store: Store, settings: Settings, clock: Clock, progress: Progress
) -> RunSummary:
    """Measure what is not finished yet. Every trial is on disk before the next begins.

    `connect` gives a host by its name: reached, leased, cleaned. Raises what ends a run: a full disk here, an
    interruption, a host that is somebody else's. Everything else becomes a row with its reason.
    """
    for host, trials in groupby(sorted(plan, key=lambda spec: spec.cell.host), key=lambda spec: spec.cell.host):
        waiting = [spec for spec in trials if spec.id not in store.finished_ids()]
        for pause in (*PAUSES_S, None):
            waiting = _visit(host, waiting, connect, store, settings, clock, progress, last=pause is None)
            if not waiting or pause is None:
                break
            clock.sleep(pause)
    outcomes = [trial.outcome for trial in store.trials()]
    return RunSummary(*(outcomes.count(kind) for kind in (Outcome.OK, Outcome.INVALID, Outcome.NOT_MEASURED)))


def _visit(
    host: str,
    trials: Sequence[TrialSpec],
    connect: Connect,
    store: Store,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    *,
    last: bool,
) -> list[TrialSpec]:
    """Measure a host's trials over one connection; return those that a broken connection left."""
    left = list(trials)
    if not left:
        return []
    devices = tuple(sorted({spec.cell.device for spec in trials}, key=list(DRIVERS).index))
    try:
        with connect(host) as held, held.hypervisor.setup(settings.scratch_bytes, devices):
            for boot, group in groupby(trials, key=lambda spec: spec.boot):
                specs = list(group)
                for trial in _boot(boot, specs, held, settings, clock, store, progress):
                    store.append(trial)
                    progress.recorded(trial)
                    left.remove(trial.spec)
    except (HostBusy, StoreError):
        raise
    except PvbenchError as error:
        if not last:
            return left
        for spec in left:
            trial = _failed(spec, clock, str(error))
            store.append(trial)
            progress.recorded(trial)
        return []
    return left


def _boot(
    boot: str,
    specs: Sequence[TrialSpec],
    held: HeldHost,
    settings: Settings,
    clock: Clock,
    store: Store,
    progress: Progress,
) -> Iterator[Trial]:
    """Yield the trials of one boot. What a guest that broke left is tried once more in a fresh one."""
    placed = {spec.cell.device for spec in specs}
    devices = tuple(sorted(placed, key=list(DRIVERS).index))
    guest_spec = GuestSpec(boot, devices, settings.placement, settings.memory_bytes, settings.vcpus,
                           settings.scratch_bytes)  # fmt: skip
    left = list(specs)
    for attempt in range(1, ATTEMPTS + 1):
        held.renew()
        progress.booting(boot, len(left), attempt)
        try:
            with held.hypervisor.boot(guest_spec) as guest:
                progress.booted(boot, guest.boot_seconds)
                clock.sleep(settings.settle_s)
                while left:
                    progress.measuring(left[0])
                    held.renew()
                    trial = _measure(left[0], guest, settings, clock, store)
                    left.pop(0)
                    yield trial
            return
        except (BootError, TransportError) as error:
            held.renew()  # raises when it is the host that is gone: no fault of the guest, so no attempt of its own
            if attempt == ATTEMPTS:
                for spec in left:
                    yield _failed(spec, clock, str(error))


def _measure(spec: TrialSpec, guest: Guest, settings: Settings, clock: Clock, store: Store) -> Trial:
    """Make one trial. A guest that is gone raises; anything else that fails is the trial's reason."""
    cell, begun, started = spec.cell, clock.monotonic(), clock.now().isoformat(timespec="seconds")
    tool, params = WORKLOADS[cell.workload.tool], dict(cell.workload.params)
    window = float(params["runtime"]) + float(params["warmup"])
    target = guest.target(cell, _seed(spec, settings.seed))
    argv, warmup = tool.argv(params, target), tool.warmup_argv(params, target)
    seen = guest.observe(cell.device)
    try:
        done = guest.execute(cell.device, warmup, argv, 60 + 4 * window)
    except CommandTimeout as error:
        return _failed(spec, clock, str(error), started)
    witnesses = (done.witness, seen.witness())
    raw = [store.keep(spec.id, tool.raw_name, done.stdout)]
    if done.stderr:
        raw.append(store.keep(spec.id, "stderr.txt", done.stderr))
    spent = clock.monotonic() - begun
    commands = (*guest.commands, *((CommandRecord("guest", warmup, None, None),) if warmup else ()),
                CommandRecord("guest", argv, done.exit_code, done.elapsed_s))  # fmt: skip
    seconds = (("boot", guest.boot_seconds), ("tool", done.elapsed_s), ("trial", spent),
               ("overhead", max(0.0, spent - max(done.elapsed_s, window))))  # fmt: skip
    reason = path.judge(DRIVERS[cell.device], *witnesses)
    outcome = Outcome.INVALID
    readings: tuple[Reading, ...] = ()
    bins: tuple[tuple[int, int], ...] = ()
    windows: tuple[float, ...] = ()
    if reason is None:
        try:
            measured = tool.parse(done.stdout, params)
            readings, bins, outcome = measured.readings, measured.latency_bins, Outcome.OK
            windows = measured.windows
        except PvbenchError as error:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            outcome, reason = Outcome.NOT_MEASURED, f"{error}{f' ({said[-1]})' if said else ''}"
    # Counted and told, never dropped or repeated: what is measured longer because it wavered is another experiment.
    flags = tuple(flag for flag in (unsteady(windows),) if flag)
    return Trial(spec, outcome, reason, started, readings, bins, witnesses, guest.cache_mode(cell.device), commands,
                 tuple(raw), seconds, flags=flags, windows=windows)  # fmt: skip


def _failed(spec: TrialSpec, clock: Clock, reason: str, started: str | None = None) -> Trial:
    return Trial(spec, Outcome.NOT_MEASURED, reason, started or clock.now().isoformat(timespec="seconds"))


def _seed(spec: TrialSpec, seed: int) -> int:
    """Return a seed that both arms of a comparison share in a block, and no two blocks or runs do."""
    return int(digest([seed, spec.block, spec.cell.comparison, *([spec.run] if spec.run > 1 else [])], 7), 16)


def resume_check(
    manifest: Manifest, *, matrix_digest: str, hosts: Sequence[HostFacts], guest: Mapping[str, str]
) -> None:
    """Raise ResumeRefused, naming what changed, unless a run can go on as it began."""
    changed = []
    if manifest.matrix_digest != matrix_digest:
        changed.append("the matrix")
    before = {facts.name: facts for facts in manifest.hosts}
    for facts in hosts:
        if facts.name in before and before[facts.name].identity != facts.identity:
            changed.append(f"the host {facts.name}")
    if dict(manifest.guest) != dict(guest):
        changed.append("the guest image")
    if changed:
        raise ResumeRefused(
            f"{manifest.run_id} cannot go on: {', '.join(changed)} changed since it began",
            hint="start a new run; figures of two set-ups are never pooled",
        )
