"""The loop over a made-up hypervisor: every trial becomes a row, nothing is measured twice, everything is undone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pvbench import plan
from pvbench.campaign import visits as controller
from pvbench.campaign.campaign import Settings
from pvbench.campaign.visits import RunSummary
from pvbench.campaign.world import Edges, HeldHost
from pvbench.disturbance import Beneath
from pvbench.drivers import DRIVERS
from pvbench.errors import (
    BootError,
    CommandFailed,
    CommandTimeout,
    DiskFull,
    HostBusy,
    ParseError,
    PvbenchError,
    TraceError,
    Unreachable,
)
from pvbench.hypervisor import GuestRun, GuestSpec, HostCheck, HostEvidence, TracedLoad, TracePass
from pvbench.matrix import expand, load
from pvbench.model import (
    Cell,
    CommandRecord,
    CpuBill,
    DeviceKind,
    Emulation,
    Flag,
    FlagKind,
    Granted,
    HostFacts,
    Mechanism,
    Outcome,
    Payer,
    Placement,
    TrapCost,
    Trial,
    TrialSpec,
    Witness,
)
from pvbench.pairs import Pair, parted
from pvbench.store import Store
from pvbench.testing import FakeClock, sample_manifest
from pvbench.workloads import Disk, Peer

GOLDEN = Path(__file__).parents[2] / "golden" / "workloads"
MATRIX = """\
schema: 1
hosts: [xen1]
devices: {net: [e1000, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 0s}
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
run: {blocks: 2, seed: 7}
compare: {baseline: {net: e1000, block: ide}}
"""
MOVED = {DeviceKind.BLOCK: 76_000_000, DeviceKind.NET: 2_000_000}  # what the recorded outputs account for
FACTS = HostFacts("xen1", Emulation.SOFTWARE, "lab", "Xen 4.17.5", "Linux 6.1", "EPYC", 2, 1 << 32, 0.05)


def recorded(tool: str) -> bytes:
    name = {"fio": "fio/3.33-randread.json", "netperf": "netperf/2.7.0-tcp-rr.json"}[tool]
    return str(json.loads((GOLDEN / name).read_text())["stdout"]).encode()


MECHANISM = Mechanism(2.0, 50, (("exit: port I/O", 1300),), (("port I/O", 1.6),), 0, 1.25)


class Guest:
    boot_seconds = 40.0
    commands = (CommandRecord("host", ("xl", "create"), 0, 10.0),)
    transport = None

    def __init__(self, host: "Host") -> None:
        self.host = host

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        if cell.workload.tool == "fio":
            return Disk("/dev/xvde", 1 << 27, seed)
        return Peer("198.18.10.1", 12811, "198.18.10.2")

    def cache_mode(self, device: str) -> str | None:
        return "memory"

    def observe(self, device: str) -> "Guest":
        self.device = device
        return self

    def finish(self) -> HostEvidence:
        moved = MOVED[DRIVERS[self.device].kind]
        return HostEvidence(
            Witness("host", self.device, moved, moved),
            CpuBill(2.0, 2, ((Payer.GUEST, 1.0), (Payer.IDLE, 3.0)), 10, 40960),
            (("other guests", self.host.loads.pop(0) if self.host.loads else 0.0),),
            self.host.granted,
            self.host.flags,
        )

    def patience(self, usual_s: float) -> float:
        return 30 * usual_s

    def trace(self, device: str, load: TracedLoad) -> TracePass:
        self.host.fails("trace")
        if self.host.printed is not None:
            load.check(self.host.printed)
        self.host.untraced[device] = load.untraced_rate
        return TracePass(MECHANISM, (("trace.bin", b"what it did"),))

    def on_backing(
        self, cell: Cell, seed: int, argv: Callable[[Disk], tuple[str, ...]], timeout_s: float
    ) -> bytes | None:
        self.host.fails("on_backing")
        return recorded("fio") if cell.workload.tool == "fio" else None

    def traps(self) -> tuple[TrapCost, ...]:
        self.host.fails("traps")
        return (TrapCost("empty hypercall", ((1000, 5),)),)

    def execute(self, device: str, warmup: tuple[str, ...] | None, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        self.host.executed.append(device)
        self.host.breaks(device, len(self.host.executed))
        carrier = self.host.carrier.get(device, min(DRIVERS[device].bound))
        tool = "fio" if argv[0] == "fio" else "netperf"
        moved = MOVED[DRIVERS[device].kind]
        share = moved if device not in self.host.carrier else 1
        return GuestRun(argv, 0, recorded(tool), b"", 1.0, Witness("guest", carrier, share, moved), self.host.log)


class Host:
    """A hypervisor made of attributes; `undone` counts what was torn down."""

    def __init__(self) -> None:
        self.executed: list[str] = []
        self.boots: list[str] = []
        self.undone: list[str] = []
        self.carrier: dict[str, str] = {}
        self.breaks: Callable[[str, int], None] = lambda _device, _time: None
        self.refuses_boot = 0
        self.flags: tuple[Flag, ...] = ()
        self.loads: list[float] = []
        self.now = FACTS
        self.granted: tuple[Granted, ...] = ()
        self.log = b""
        self.printed: bytes | None = None
        self.untraced: dict[str, float | None] = {}
        self.fails: Callable[[str], None] = lambda _what: None

    def facts(self) -> HostFacts:
        return self.now

    def check(self) -> HostCheck:
        return HostCheck(self.now)

    @contextmanager
    def setup(self, scratch_bytes: int, devices: tuple[str, ...]) -> Iterator[None]:
        try:
            yield
        finally:
            self.undone.append("setup")

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator[Guest]:
        self.boots.append(spec.name)
        if len(self.boots) <= self.refuses_boot:
            raise BootError("the guest did not come up")
        try:
            yield Guest(self)
        finally:
            self.undone.append(spec.name)

    @contextmanager
    def connect(self, name: str) -> Iterator[HeldHost]:
        yield HeldHost(self, lambda: None)


class Silent:
    def booting(self, boot: str, trials: int, attempt: int) -> None: ...
    def booted(self, boot: str, seconds: float) -> None: ...
    def measuring(self, spec: TrialSpec) -> None: ...
    def recorded(self, trial: Trial) -> None: ...
    def disturbed(self, pair: Pair, cause: str, attempt: int) -> None: ...
    def lost(self, host: str, reason: str, pause_s: float) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    matrix = load(MATRIX, name="m.yaml")
    made = plan.make(expand(matrix), blocks=2, order=matrix.run.order, seed=7, placement=matrix.placement)
    manifest = sample_manifest(
        made.trials,
        matrix_text=MATRIX,
        matrix_digest=matrix.digest,
        blocks=2,
        seed=7,
        hosts=(FACTS,),
        guest=(("name", "builtin"),),
        disturbed_above=0.1,
    )
    with Store.create(tmp_path, manifest) as made_store:
        yield made_store


def run(host: Host, store: Store) -> RunSummary:
    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7)
    return controller.run(store, settings, Edges(host.connect, FakeClock(), Silent()))


def test_every_trial_of_the_plan_becomes_a_row(store: Store) -> None:
    host = Host()

    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert host.boots == ["b01-xen1", "b02-xen1"]
    assert host.undone == ["b01-xen1", "b02-xen1", "setup"]
    assert {spec.id for spec in store.manifest.plan} == store.finished_ids()


def test_arms_of_a_block_draw_the_same_offsets_and_blocks_draw_others(store: Store) -> None:
    run(Host(), store)

    seeds = {}
    for trial in store.trials():
        for record in trial.commands:
            drawn = [word for word in record.argv if word.startswith("--randseed=")]
            if drawn:
                seeds.setdefault(trial.spec.block, set()).add(drawn[0])
    assert [len(found) for found in seeds.values()] == [1, 1]
    assert seeds[1].isdisjoint(seeds[2])


def test_traffic_over_another_device_is_invalid_and_no_number(store: Store) -> None:
    host = Host()
    host.carrier = {"netfront": "e1000"}

    assert run(host, store) == RunSummary(ok=6, invalid=2, not_measured=0)
    wrong = [trial for trial in store.trials() if trial.outcome is Outcome.INVALID]
    assert [trial.readings for trial in wrong] == [(), ()]
    assert all("e1000 carried the most" in str(trial.reason) for trial in wrong)


@pytest.mark.parametrize("error", [Unreachable("the connection was lost"), BootError("the domain is gone")])
def test_a_guest_that_breaks_is_booted_again_for_what_it_left(store: Store, error: PvbenchError) -> None:
    host = Host()

    def breaks(_device: str, times: int) -> None:
        if times == 2:
            raise error

    host.breaks = breaks
    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert host.boots == ["b01-xen1", "b01-xen1", "b02-xen1"]
    assert host.undone.count("setup") == 2  # what broke it may be a program of the host: it is set up afresh
    assert len(host.executed) == 10  # both arms of the pair: they share a boot
    assert not list(parted(store.trials()))


def test_a_host_that_is_lost_is_visited_again_and_no_trial_pays_for_it(store: Store) -> None:
    host = Host()
    lost: list[int] = []

    def breaks(_device: str, times: int) -> None:
        if times in (2, 4):
            lost.append(times)
            raise Unreachable("the connection was lost")

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        lost.clear()

        def renew() -> None:
            if lost:
                raise Unreachable("the connection was lost")

        yield HeldHost(host, renew)

    host.breaks = breaks
    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7)
    summary = controller.run(store, settings, Edges(connect, FakeClock(), Silent()))

    assert summary == RunSummary(ok=8, invalid=0, not_measured=0)
    assert len(host.executed) == 12
    assert host.undone.count("setup") == 3


def test_what_was_measured_on_a_host_that_somebody_else_took_meanwhile_is_no_figure(store: Store) -> None:
    host = Host()

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        def renew() -> None:
            if len(host.executed) == 3:
                raise HostBusy("the lease ran out and the host is somebody else's now")

        yield HeldHost(host, renew)

    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7)
    with pytest.raises(HostBusy):
        controller.run(store, settings, Edges(connect, FakeClock(), Silent()))

    assert [trial.outcome for trial in store.trials()] == [Outcome.OK] * 2
    assert host.undone == ["b01-xen1", "setup"]


def test_a_tool_that_does_not_end_costs_its_own_trial_only(store: Store) -> None:
    host = Host()

    def breaks(_device: str, times: int) -> None:
        if times == 1:
            raise CommandTimeout("fio did not end within 64 s")

    host.breaks = breaks
    assert run(host, store) == RunSummary(ok=7, invalid=0, not_measured=1)


@pytest.mark.parametrize(
    "error",
    [
        ParseError("pvb-run in the guest: it printed nothing"),
        KeyError("cpu"),
        ValueError("zip() argument 2 is shorter"),
    ],
)
def test_whatever_one_trial_does_is_its_own_row_and_the_guest_goes_on(store: Store, error: Exception) -> None:
    host = Host()

    def breaks(_device: str, times: int) -> None:
        if times == 1:
            raise error

    host.breaks = breaks
    assert run(host, store) == RunSummary(ok=7, invalid=0, not_measured=1)
    assert host.boots == ["b01-xen1", "b02-xen1"]
    (bad,) = (trial for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED)
    assert str(error) in str(bad.reason)
    assert ("an error in pvbench itself" in str(bad.reason)) == (not isinstance(error, PvbenchError))


def test_a_trial_that_no_guest_survives_costs_itself_only(store: Store) -> None:
    host = Host()

    def breaks(device: str, _times: int) -> None:
        if device == "netfront":
            raise Unreachable("the guest is gone")

    host.breaks = breaks
    assert run(host, store) == RunSummary(ok=6, invalid=0, not_measured=2)
    lost = [trial for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED]
    assert {trial.spec.cell.device for trial in lost} == {"netfront"}
    assert {trial.reason for trial in lost} == {"the guest is gone"}


def test_what_a_host_says_wrong_is_the_reason_of_its_rows_and_no_end_of_the_run(store: Store) -> None:
    host = Host()

    @contextmanager
    def setup(_scratch_bytes: int, _devices: tuple[str, ...]) -> Iterator[None]:
        raise KeyError("disks")
        yield

    host.setup = setup  # type: ignore[method-assign]
    assert run(host, store) == RunSummary(ok=0, invalid=0, not_measured=8)
    assert {trial.reason for trial in store.trials()} == {"an error in pvbench itself, KeyError: 'disks'"}


def test_a_host_that_reboots_is_waited_for_and_its_facts_are_looked_at_again(store: Store) -> None:
    host, clock = Host(), FakeClock()
    gone = [Unreachable("it refuses the connection")] * 5
    told: list[float] = []

    class Watching(Silent):
        def lost(self, host: str, reason: str, pause_s: float) -> None:
            told.append(pause_s)

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        if host.executed and gone:
            raise gone.pop()

        def renew() -> None:
            if len(host.executed) == 3 and gone:
                raise Unreachable("the connection was lost")

        yield HeldHost(host, renew)

    def breaks(_device: str, times: int) -> None:
        if times == 3:
            raise Unreachable("the connection was lost")

    host.breaks = breaks
    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7)
    summary = controller.run(store, settings, Edges(connect, clock, Watching()))

    assert summary == RunSummary(ok=8, invalid=0, not_measured=0)
    assert told == [5, 15, 30, 60, 60, 120]
    assert clock.seconds > sum(told)


def test_a_load_that_takes_its_host_down_every_time_is_not_tried_for_ever(store: Store) -> None:
    host = Host()
    down: list[bool] = []

    def breaks(device: str, _times: int) -> None:
        if device == "netfront":
            down.append(True)
            raise Unreachable("the connection was lost")

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        down.clear()

        def renew() -> None:
            if down:
                raise Unreachable("the connection was lost")

        yield HeldHost(host, renew)

    host.breaks = breaks
    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7)
    summary = controller.run(store, settings, Edges(connect, FakeClock(), Silent()))

    assert summary.not_measured
    assert host.executed.count("netfront") == len(controller.PAUSES_S) + 1


def test_a_host_that_came_back_as_another_measures_nothing_more(store: Store) -> None:
    host = Host()

    def breaks(_device: str, times: int) -> None:
        if times == 3:
            host.now = HostFacts("xen1", Emulation.SOFTWARE, "lab", "Xen 4.20", "Linux 6.12", "EPYC", 2, 1 << 32, 0.05)
            raise Unreachable("the connection was lost")

    host.breaks = breaks
    assert run(host, store) == RunSummary(ok=2, invalid=0, not_measured=6)
    reasons = {str(trial.reason) for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED}
    assert len(reasons) == 1
    assert "not what it was" in reasons.pop()


def test_a_traced_load_that_failed_makes_no_mechanism(store: Store) -> None:
    """iperf3 3.12 ends with exit code 0 and {"error": …}: only its output tells that there was no load to trace."""
    host = Host()
    host.printed = b'{"error": "control socket has closed unexpectedly"}'

    for trial in traced(host, store):
        assert trial.outcome is Outcome.OK
        assert trial.mechanism is None
        assert FlagKind.MECHANISM in {flag.kind for flag in trial.flags}


def test_a_disturbed_pair_is_measured_again_in_the_same_boot_with_its_first_attempt_kept(store: Store) -> None:
    host = Host()
    host.loads = [0.0, 0.3]  # the second trial of the first pair

    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)

    assert host.boots == ["b01-xen1", "b02-xen1"]
    assert [record.attempt for record in store.records()][:5] == [1, 1, 2, 2, 1]
    assert len(store.records()) == 10
    assert [str(flag) for record in store.records() for flag in record.flags] == [
        "disturbed: other guests used 30% of the host's CPUs"
    ]
    assert {trial.flags for trial in store.trials()} == {()}


def test_a_pair_that_is_always_disturbed_is_measured_three_times_and_flagged(store: Store) -> None:
    host = Host()
    host.loads = [0.5] * 4

    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)

    # A partner of a trial that was disturbed would be measured for nothing, but for the last time.
    assert [record.attempt for record in store.records()][:5] == [1, 2, 3, 3, 1]
    assert [f.kind for trial in store.trials() for f in trial.flags] == [FlagKind.DISTURBED] * 2


def test_a_disturbed_pair_waits_for_calm_beneath(store: Store) -> None:
    host, clock = Host(), FakeClock()
    looks = iter(
        [0.0, 4.0, 4.0, 4.0, 4.0, 8.0, 8.0, 8.0]
    )  # busy during the first trial and a second of waiting, then calm
    seconds = {"others": 0.0}

    def look() -> Beneath:
        seconds["others"] = next(looks, seconds["others"])
        return Beneath(clock.monotonic(), 2, seconds["others"], 0.0, None)

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        yield HeldHost(host, lambda: None, beneath=look)

    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7)
    controller.run(store, settings, Edges(connect, clock, Silent()))

    assert len(store.records()) == 10
    assert 2 <= clock.seconds < 4  # seconds of waiting; the fake's trials take none


def test_a_traced_pass_is_made_once_for_the_attempt_that_counts(store: Store) -> None:
    host = Host()
    host.loads = [0.5, 0.0]

    found = traced(host, store)

    assert all(trial.mechanism for trial in found if trial.attempt == 2)
    first = [record for record in store.records() if record.attempt == 1 and "disturbed" in str(record.flags)]
    assert [record.mechanism for record in first] == [None]


def test_the_arms_of_a_pair_are_measured_side_by_side_and_traced_after(store: Store) -> None:
    host = Host()

    traced(host, store)

    first = [(record.spec.cell.device, "trace" in dict(record.seconds)) for record in store.records()][:4]
    assert [was_traced for _, was_traced in first] == [False, False, True, True]
    assert [device for device, _ in first[:2]] == [device for device, _ in first[2:]]
    assert store.earlier() == ()


def traced(host: Host, store: Store) -> list[Trial]:
    settings = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7, traced_blocks=1)
    controller.run(store, settings, Edges(host.connect, FakeClock(), Silent()))
    return [trial for trial in store.trials() if trial.spec.block == 1]


def test_the_first_blocks_carry_a_trace_of_their_own_pass(store: Store) -> None:
    host = Host()

    found = {trial.spec.cell.device: trial for trial in traced(host, store)}

    assert {trial.mechanism for trial in found.values()} == {MECHANISM}
    assert found["ide"].traps[0].name == "empty hypercall"
    assert [reading.metric for reading in found["ide"].ceiling][:2] == ["throughput", "iops"]
    assert found["netfront"].ceiling == ()
    assert store.raw(found["ide"].raw[-1]) == b"what it did"
    assert found["ide"].raw[-1].path.endswith("trace.bin")
    # What the host counted in the runtime and the warm-up of the timed pass: 10 I/Os.
    assert (host.untraced["ide"], host.untraced["netfront"]) == (10 / 1, 10 / 2)
    assert all(trial.mechanism is None for trial in store.trials() if trial.spec.block == 2)


def test_a_trace_that_cannot_be_taken_is_a_flag_and_the_figure_stands(store: Store) -> None:
    host = Host()

    def fails(what: str) -> None:
        if what == "trace":
            raise TraceError("the trace tells nothing of the domain")

    host.fails = fails
    found = traced(host, store)

    assert {trial.outcome for trial in found} == {Outcome.OK}
    assert all(
        str(trial.flags[0]) == "mechanism: the trace tells nothing of the domain" and trial.mechanism is None
        for trial in found
    )


OPTIONAL = {"trace": FlagKind.MECHANISM, "traps": FlagKind.TRAP_COSTS, "on_backing": FlagKind.CEILING}


@pytest.mark.parametrize("what", OPTIONAL)
@pytest.mark.parametrize(
    "error",
    [
        BootError("xen1: arm: xentrace is not installed"),
        CommandFailed("xen1: pvb-trace ended with exit code 1 instead of an answer"),
        CommandTimeout("pvb-traps did not end in time"),
        DiskFull("no space left on the controller"),
        KeyError("before"),
        ParseError("pvb-traps: cannot read 'x'"),
        TypeError("'NoneType' object is not subscriptable"),
        Unreachable("the connection was lost"),
        ValueError("cannot convert float NaN to integer"),
        OSError(28, "No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_goes_wrong_with_what_is_optional_is_a_flag_and_the_figure_stands(
    store: Store, what: str, error: Exception
) -> None:
    host = Host()

    def fails(asked: str) -> None:
        if asked == what:
            raise error

    host.fails = fails
    found = traced(host, store)

    assert {trial.outcome for trial in found} == {Outcome.OK}
    assert all(trial.readings for trial in found)
    assert host.boots == ["b01-xen1", "b02-xen1"]
    assert len(host.executed) == 8
    for trial in found:
        (flag,) = trial.flags
        assert flag.kind is OPTIONAL[what]
        assert str(error) in flag.detail
        assert (trial.mechanism is None, trial.traps == ()) == (what == "trace", what == "traps")
    assert store.earlier() == ()


def test_a_guest_that_is_gone_in_an_optional_pass_is_met_by_the_next_trial(store: Store) -> None:
    host = Host()
    gone: list[str] = []

    def fails(what: str) -> None:
        if what == "trace" and len(host.boots) == 1:
            gone.append(what)
        if gone and len(host.boots) == 1:
            raise Unreachable("the connection was lost")

    def breaks(_device: str, _times: int) -> None:
        fails("execute")

    host.fails, host.breaks = fails, breaks

    assert {trial.outcome for trial in traced(host, store)} == {Outcome.OK}
    assert host.boots == ["b01-xen1", "b01-xen1", "b02-xen1"]
    assert [len(record.flags) for record in store.records()][:6] == [0, 0, 3, 3, 0, 0]


def test_foreign_load_on_the_host_taints_the_trial(store: Store) -> None:
    host = Host()
    host.flags = (Flag(FlagKind.FOREIGN_LOAD, "in dom0 apt-get used 31% of a CPU"),)

    run(host, store)

    assert {trial.flags for trial in store.trials()} == {host.flags}


def test_every_measurement_is_preceded_by_the_pause_that_was_asked_for(store: Store) -> None:
    settings, clock = Settings(Placement.COEXIST, 1 << 28, 1, 1 << 27, 7, settle_s=30), FakeClock()

    controller.run(store, settings, Edges(Host().connect, clock, Silent()))

    assert 8 * 30 < clock.seconds < 9 * 30


def test_a_log_that_cannot_be_read_is_a_flag_and_the_figure_stands(store: Store) -> None:
    host = Host()
    host.log = b"200, what"

    run(host, store)

    said = {trial.spec.cell.workload.tool: trial.flags for trial in store.trials()}
    assert said["fio"] == (Flag(FlagKind.UNJUDGED, "fio: '200, what' is no line of its log"),)
    assert {trial.outcome for trial in store.trials()} == {Outcome.OK}


def test_a_guest_that_never_comes_up_gives_rows_with_the_reason(store: Store) -> None:
    host = Host()
    host.refuses_boot = 2

    assert run(host, store) == RunSummary(ok=4, invalid=0, not_measured=4)
    assert {trial.reason for trial in store.trials()} == {None, "the guest did not come up"}


def test_an_interrupted_run_goes_on_where_it_stopped(store: Store) -> None:
    host = Host()

    def breaks(_device: str, times: int) -> None:
        if times == 4:
            raise KeyboardInterrupt

    host.breaks = breaks
    with pytest.raises(KeyboardInterrupt):
        run(host, store)
    assert host.undone == ["b01-xen1", "setup"]

    again = Host()
    assert run(again, store) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert len(again.executed) == 6
    assert not list(parted(store.trials()))


def test_a_full_disk_stops_the_run_with_everything_undone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()

    def full(_trial: Trial) -> None:
        raise DiskFull("no space left on the controller")

    monkeypatch.setattr(store, "append", full)
    with pytest.raises(DiskFull):
        run(host, store)
    assert host.undone == ["b01-xen1", "setup"]
