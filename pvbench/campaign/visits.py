"""The loop: visit a host, set up; boot, measure pair by pair, record; tear down; come again for what is left."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, takewhile

from pvbench.campaign import resume
from pvbench.campaign.alike import Alike
from pvbench.campaign.booted import Booted
from pvbench.campaign.campaign import Settings
from pvbench.campaign.deployments import Deployments
from pvbench.campaign.images import look_again
from pvbench.campaign.traced import explained
from pvbench.campaign.trial import failed, measure, reason_of
from pvbench.campaign.world import Edges, HeldHost
from pvbench.disturbance import ATTEMPTS, Beneath, beneath, disturbed
from pvbench.drivers import DRIVERS
from pvbench.errors import (
    CommandFailed,
    GuestKeyMismatch,
    GuestUnfit,
    HostBusy,
    HostKeyMismatch,
    HostKeyUnknown,
    ResumeRefused,
    StackError,
    StoreError,
    TransportError,
)
from pvbench.hypervisor import GuestSpec
from pvbench.model import Arm, GuestMode, Outcome, Trial, TrialSpec
from pvbench.pairs import Pair, pairs, unfinished
from pvbench.parts import Found
from pvbench.store import Store
from pvbench.workloads import between_guests

TRIES = 2  # how often a boot is tried that does not come up, and a trial that its guest does not survive
PAUSES_S = (5.0, 15.0, 30.0, 60.0, 60.0, 120.0, 120.0, 180.0)
"""Before a host that was lost is visited again: an sshd that restarts takes seconds, a server that reboots minutes."""
CALM_S, LOOK_S = 20.0, 1.0
"""How long a disturbed pair waits for calm beneath before it is measured again at most, and between two looks."""


@dataclass(frozen=True)
class RunSummary:
    """How many trials of the plan have which outcome now; `altered` is a sentence for each image that changed."""

    ok: int
    invalid: int
    not_measured: int
    altered: tuple[str, ...] = field(default=(), repr=False)


def run(store: Store, settings: Settings, edges: Edges) -> RunSummary:
    """Measure what of a run's plan is not finished yet. Every trial is on disk before the next begins.

    Raises what ends a run: a full disk here, an interruption, a host that is somebody else's. Everything else becomes
    a row with its reason.
    """
    plan = sorted(store.manifest.plan, key=lambda spec: spec.cell.host)
    altered: tuple[str, ...] = ()
    for host, trials in groupby(plan, key=lambda spec: spec.cell.host):
        left = unfinished(tuple(trials), store.finished_ids())
        with ExitStack() as leaving:
            switch = None
            if any(spec.deployment for spec in left):
                switch = leaving.enter_context(edges.stacks(host).switching())
            stay = _Stay(host, left, store, settings, edges, Deployments(host, switch, edges.progress))
            stay.measure()
            altered += stay.altered
    outcomes = [trial.outcome for trial in store.trials()]
    counts = {kind: outcomes.count(kind) for kind in Outcome}
    return RunSummary(counts[Outcome.OK], counts[Outcome.INVALID], counts[Outcome.NOT_MEASURED], altered)


@dataclass
class _Stay:
    """All visits to one host: what is left to measure there, and which trials and boots broke a guest how often."""

    host: str
    left: list[TrialSpec]
    store: Store
    settings: Settings
    edges: Edges
    deployments: Deployments
    broke: Counter[str] = field(default_factory=Counter)
    running: TrialSpec | None = None
    altered: tuple[str, ...] = ()

    def measure(self) -> None:
        """Visit the host until nothing is left, or until it could not be used for longer than our patience."""
        in_vain = 0
        while self.left:
            before = len(self.left)
            try:
                self._visit()
            except (GuestKeyMismatch, HostBusy, StoreError):
                raise
            except Exception as error:  # noqa: BLE001  whatever a host does costs its own rows, not the run
                # Whole pairs count: a load that takes its host down every time is not tried for ever.
                in_vain = in_vain + 1 if len(self.left) == before else 1
                pauses = _pauses(error)
                if in_vain > len(pauses):
                    self._give_up(self.left, reason_of(error))
                    return
                self.edges.progress.lost(self.host, reason_of(error), pauses[in_vain - 1])
                self.edges.clock.sleep(pauses[in_vain - 1])

    def _visit(self) -> None:
        """Measure over one connection until a guest broke, another stack is to be booted or nothing is left."""
        first = self.left[0]
        try:
            if not self.deployments.boot(first):
                return
        except StackError as error:
            self._give_up([spec for spec in self.left if spec.deployment == first.deployment], reason_of(error))
            return
        specs = tuple(takewhile(lambda spec: spec.deployment == first.deployment, self.left))
        with self.edges.hold(self.host) as held:
            self.deployments.check(self.store.manifest, first.cell.arm.stack, held.hypervisor.facts())
            with held.hypervisor.setup(self.settings.scratch_bytes, self._devices(specs), modes_of(specs)):
                for boot, own in groupby(specs, key=lambda spec: spec.boot):
                    if not self._boot(boot, list(own), held):
                        break
            if not self.left:
                self.altered += look_again(held.hypervisor, self.host, self.store, self.edges.progress)

    def _boot(self, boot: str, specs: Sequence[TrialSpec], held: HeldHost) -> bool:
        """Measure the trials of one boot; return whether the guest lasted. One that did not is charged for it."""
        self.running = None
        held.renew()
        self.edges.progress.booting(boot, len(specs), self.broke[boot] + 1)
        begun = self.edges.clock.now().isoformat(timespec="milliseconds")
        try:
            with held.hypervisor.boot(self._guest(boot, specs)) as guest:
                self._alike.came_up(specs)
                guest.rest()
                self.edges.progress.booted(boot, guest.boot_seconds)
                booted = Booted(
                    guest,
                    held,
                    begun,
                    self.store,
                    self.settings,
                    clock=self.edges.clock,
                    drivers=self.edges.drivers,
                    facts=guest.facts(tuple(dict.fromkeys(spec.cell.workload.tool for spec in specs))),
                )
                self._check_in_use(specs, booted)
                for pair in pairs(specs):
                    self._pair(pair, booted)
        except (GuestKeyMismatch, HostBusy, StoreError):
            raise
        except GuestUnfit as error:
            self._give_up(self._alike.lost(self.left, specs, error), reason_of(error))
            return False
        except Exception as error:  # noqa: BLE001  a guest that breaks costs a boot, whatever it breaks with
            held.renew()  # raises when it is the host that is gone: no fault of the guest
            self._charge(self.running, specs, error)
            return False
        return True

    def _check_in_use(self, specs: Sequence[TrialSpec], booted: Booted) -> None:
        """Raise ResumeRefused where an arm has another part of the stack in use than in its earlier boots."""
        for arm in dict.fromkeys(spec.cell.arm for spec in specs):
            now = dict(booted.in_use(arm.device))
            resume.check_in_use(self.store.manifest, arm, self._in_use.get(arm, {}), now)
            self._in_use[arm] = {**now, **self._in_use.get(arm, {})}

    @cached_property
    def _alike(self) -> Alike:
        return Alike(self._devices)

    @cached_property
    def _in_use(self) -> dict[Arm, Found]:
        """What each arm had in use in the boots that gave a figure so far."""
        known: dict[Arm, Found] = {}
        for trial in self.store.trials():
            if trial.outcome is Outcome.OK:
                known[trial.spec.cell.arm] = {**dict(trial.in_use), **known.get(trial.spec.cell.arm, {})}
        return known

    def _pair(self, pair: Pair, booted: Booted) -> None:
        """Measure the arms side by side, again where something disturbed them; then look how the figures came about."""
        for attempt in range(1, ATTEMPTS + 1):
            made, cause = [], None
            for spec in pair:
                made.append(self._trial(spec, booted, attempt))
                cause = disturbed(made[-1].disturbance, booted.disturbed_above) or cause
                if cause is not None and attempt < ATTEMPTS:  # its partners would be measured for nothing
                    break
            if cause is None or attempt == ATTEMPTS:
                break
            self.edges.progress.disturbed(pair, cause, attempt + 1)
            self._wait_for_calm(booted.held.beneath)
        # Whatever becomes of the host from here on, these figures stand and are not made again.
        self.left = [spec for spec in self.left if spec not in pair]
        self.running = None
        for trial in made:
            if (whole := explained(trial, booted)) is not None:
                booted.held.renew()
                self.store.append(whole)

    def _trial(self, spec: TrialSpec, booted: Booted, attempt: int) -> Trial:
        """Measure one trial and record it."""
        self.running = spec
        self.edges.progress.measuring(spec)
        booted.held.renew()
        self.edges.clock.sleep(self.settings.settle_s)
        trial = measure(spec, booted, attempt)
        booted.held.renew()  # what was measured on a host that was somebody else's meanwhile is no figure
        self._record(trial)
        return trial

    def _charge(self, running: TrialSpec | None, specs: Sequence[TrialSpec], error: Exception) -> None:
        """Count a broken guest against the trial that ran in it, or its boot; give up what breaks it every time."""
        at = running.id if running else specs[0].boot
        self.broke[at] += 1
        if self.broke[at] < TRIES:
            return
        if running is None:
            self._give_up(self._alike.lost(self.left, specs, error), reason_of(error))
            return
        self._give_up([running], reason_of(error))
        # A partner that has its figure waits for nobody now; several that have none yet still share their boot.
        partners = next((pair for pair in pairs(self.left) if _partners(pair[0], running)), ())
        if all(spec.id in self.store.finished_ids() for spec in partners):
            self.left = [spec for spec in self.left if spec not in partners]

    def _give_up(self, specs: Sequence[TrialSpec], reason: str) -> None:
        """Record that trials could not be made. A figure that one of them has from an earlier boot stays its last."""
        finished = self.store.finished_ids()
        for spec in tuple(specs):
            if spec.id not in finished:
                self._record(failed(spec, self.edges.clock, reason))
            self.left.remove(spec)

    def _record(self, trial: Trial) -> None:
        self.store.append(trial)
        self.edges.progress.recorded(trial)

    def _guest(self, boot: str, specs: Sequence[TrialSpec]) -> GuestSpec:
        arm = specs[0].cell.arm
        return GuestSpec(
            name=boot,
            devices=self._devices(specs),
            placement=self.settings.placement,
            memory_bytes=self.settings.memory_bytes,
            vcpus=int(dict(arm.tunables).get("vcpus", self.settings.vcpus)),
            scratch_bytes=self.settings.scratch_bytes,
            tunables=arm.tunables,
            peer=any(between_guests(spec.cell.workload) for spec in specs),
            mode=arm.mode,
            frontends=arm.frontends,
            backends=arm.backends,
            guest=arm.guest,
        )

    def _devices(self, specs: Sequence[TrialSpec]) -> tuple[str, ...]:
        """Return the devices of the guests that some trials need, those that are only beside them included."""
        needed = {spec.cell.device for spec in specs}
        needed |= {device for spec in specs for device in self.settings.beside.get(spec.boot, ())}
        return tuple(sorted(needed, key=list(DRIVERS).index))

    def _wait_for_calm(self, look: Callable[[], Beneath | None]) -> None:
        """Wait until nothing disturbs the machine beneath, for a while; what runs on the host itself cannot be told."""
        deadline = self.edges.clock.monotonic() + CALM_S
        while self.edges.clock.monotonic() < deadline:
            before = look()
            self.edges.clock.sleep(LOOK_S)
            if disturbed(beneath(before, look()), self.store.manifest.disturbed_above) is None:
                return


def _pauses(error: Exception) -> tuple[float, ...]:
    """Return the pauses after which a host is worth another visit: many where it may be rebooting, few where not."""
    if isinstance(error, HostKeyMismatch | HostKeyUnknown | ResumeRefused):
        return ()
    return PAUSES_S if isinstance(error, TransportError) and not isinstance(error, CommandFailed) else PAUSES_S[:1]


def modes_of(specs: Collection[TrialSpec]) -> tuple[GuestMode, ...]:
    """Return the modes of all guests that some trials need, those that only answer, which are HVM, among them."""
    needed = {spec.cell.arm.mode for spec in specs}
    needed |= {GuestMode.HVM for spec in specs if between_guests(spec.cell.workload)}
    return tuple(mode for mode in GuestMode if mode in needed)


def _partners(one: TrialSpec, other: TrialSpec) -> bool:
    return (one.boot, one.cell.workload, one.run) == (other.boot, other.cell.workload, other.run)
