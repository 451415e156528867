"""The loop: lease, clean, set up; boot, observe, measure, observe, judge, record; tear down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from pvbench.clock import Clock
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, HostBusy, PvbenchError, ResumeRefused, StoreError, TransportError
from pvbench.hypervisor import GuestSpec, Hypervisor
from pvbench.measure import Measuring, failed, measure
from pvbench.model import HostFacts, Outcome, Placement, Trial, TrialSpec
from pvbench.store import Manifest, Store
from pvbench.workloads import between_guests

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
    """What every boot of a run has in common: sizes in bytes, placement, the seed, how many blocks carry traces."""

    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    seed: int
    settle_s: float = 0.0
    traced_blocks: int = 0


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
            trial = failed(spec, clock, str(error))
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
                           settings.scratch_bytes, specs[0].cell.tunables,
                           peer=any(between_guests(spec.cell.workload) for spec in specs))  # fmt: skip
    measuring = Measuring(settings.seed, store, clock, settings.traced_blocks)
    left = list(specs)
    for attempt in range(1, ATTEMPTS + 1):
        held.renew()
        progress.booting(boot, len(left), attempt)
        try:
            with held.hypervisor.boot(guest_spec) as guest:
                progress.booted(boot, guest.boot_seconds)
                while left:
                    progress.measuring(left[0])
                    held.renew()
                    clock.sleep(settings.settle_s)
                    trial = measure(left[0], guest, measuring)
                    left.pop(0)
                    yield trial
            return
        except (BootError, TransportError) as error:
            held.renew()  # raises when it is the host that is gone: no fault of the guest, so no attempt of its own
            if attempt == ATTEMPTS:
                for spec in left:
                    yield failed(spec, clock, str(error))


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
