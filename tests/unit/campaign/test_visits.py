"""The loop over a made-up hypervisor: every trial becomes a row, nothing is measured twice, everything is undone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pvbench.campaign.visits import PAUSES_S, RunSummary
from pvbench.campaign.world import HeldHost
from pvbench.disturbance import Beneath
from pvbench.errors import (
    BootError,
    CommandTimeout,
    DiskFull,
    HostBusy,
    ParseError,
    PvbenchError,
    Unreachable,
)
from pvbench.hypervisor import GuestSpec
from pvbench.model import (
    Flag,
    FlagKind,
    GuestMode,
    Outcome,
    Trial,
)
from pvbench.pairs import parted
from pvbench.store import Store
from pvbench.testing import FakeClock, FakeHypervisor
from pvbench.testing.campaign import Unwatched, measure


def run(host: FakeHypervisor, store: Store) -> RunSummary:
    return measure(store, host.hold)


def test_every_trial_of_the_plan_becomes_a_row(store: Store) -> None:
    host = FakeHypervisor()

    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert host.booted == ["b01-xen1", "b02-xen1"]
    assert host.undone == ["b01-xen1", "b02-xen1", "setup"]
    assert {spec.id for spec in store.manifest.plan} == store.finished_ids()


def test_arms_of_a_block_draw_the_same_offsets_and_blocks_draw_others(store: Store) -> None:
    run(FakeHypervisor(), store)

    seeds = {}
    for trial in store.trials():
        for record in trial.commands:
            drawn = [word for word in record.argv if word.startswith("--randseed=")]
            if drawn:
                seeds.setdefault(trial.spec.block, set()).add(drawn[0])
    assert [len(found) for found in seeds.values()] == [1, 1]
    assert seeds[1].isdisjoint(seeds[2])


def test_traffic_over_another_device_is_invalid_and_no_number(store: Store) -> None:
    host = FakeHypervisor()
    host.carrier = {"netfront": "e1000"}

    assert run(host, store) == RunSummary(ok=6, invalid=2, not_measured=0)
    wrong = [trial for trial in store.trials() if trial.outcome is Outcome.INVALID]
    assert [trial.readings for trial in wrong] == [(), ()]
    assert all("e1000 carried the most" in str(trial.reason) for trial in wrong)


@pytest.mark.parametrize("error", [Unreachable("the connection was lost"), BootError("the domain is gone")])
def test_a_guest_that_breaks_is_booted_again_for_what_it_left(store: Store, error: PvbenchError) -> None:
    host = FakeHypervisor()

    def breaks(_device: str, times: int) -> None:
        if times == 2:
            raise error

    host.before_run = breaks
    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert host.booted == ["b01-xen1", "b01-xen1", "b02-xen1"]
    assert host.undone.count("setup") == 2  # what broke it may be a program of the host: it is set up afresh
    assert len(host.measured) == 10  # both arms of the pair: they share a boot
    assert not list(parted(store.trials()))


def test_a_host_that_is_lost_is_visited_again_and_no_trial_pays_for_it(store: Store) -> None:
    host = FakeHypervisor()
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

    host.before_run = breaks
    summary = measure(store, connect)

    assert summary == RunSummary(ok=8, invalid=0, not_measured=0)
    assert len(host.measured) == 12
    assert host.undone.count("setup") == 3


def test_what_was_measured_on_a_host_that_somebody_else_took_meanwhile_is_no_figure(store: Store) -> None:
    host = FakeHypervisor()

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        def renew() -> None:
            if len(host.measured) == 3:
                raise HostBusy("the lease ran out and the host is somebody else's now")

        yield HeldHost(host, renew)

    with pytest.raises(HostBusy):
        measure(store, connect)

    assert [trial.outcome for trial in store.trials()] == [Outcome.OK] * 2
    assert host.undone == ["b01-xen1", "setup"]


def test_a_tool_that_does_not_end_costs_its_own_trial_only(store: Store) -> None:
    host = FakeHypervisor()

    def breaks(_device: str, times: int) -> None:
        if times == 1:
            raise CommandTimeout("fio did not end within 64 s")

    host.before_run = breaks
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
    host = FakeHypervisor()

    def breaks(_device: str, times: int) -> None:
        if times == 1:
            raise error

    host.before_run = breaks
    assert run(host, store) == RunSummary(ok=7, invalid=0, not_measured=1)
    assert host.booted == ["b01-xen1", "b02-xen1"]
    (bad,) = (trial for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED)
    assert str(error) in str(bad.reason)
    assert ("an error in pvbench itself" in str(bad.reason)) == (not isinstance(error, PvbenchError))


def test_a_trial_that_no_guest_survives_costs_itself_only(store: Store) -> None:
    host = FakeHypervisor()

    def breaks(device: str, _times: int) -> None:
        if device == "netfront":
            raise Unreachable("the guest is gone")

    host.before_run = breaks
    assert run(host, store) == RunSummary(ok=6, invalid=0, not_measured=2)
    lost = [trial for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED]
    assert {trial.spec.cell.device for trial in lost} == {"netfront"}
    assert {trial.reason for trial in lost} == {"the guest is gone"}


def test_what_a_host_says_wrong_is_the_reason_of_its_rows_and_no_end_of_the_run(store: Store) -> None:
    host = FakeHypervisor()

    @contextmanager
    def setup(_scratch_bytes: int, _devices: tuple[str, ...], _modes: tuple[GuestMode, ...]) -> Iterator[None]:
        raise KeyError("disks")
        yield

    host.setup = setup  # type: ignore[method-assign]
    assert run(host, store) == RunSummary(ok=0, invalid=0, not_measured=8)
    assert {trial.reason for trial in store.trials()} == {"an error in pvbench itself, KeyError: 'disks'"}


def test_a_host_that_reboots_is_waited_for_and_its_facts_are_looked_at_again(store: Store) -> None:
    host, clock = FakeHypervisor(), FakeClock()
    gone = [Unreachable("it refuses the connection")] * 5
    told: list[float] = []

    class Watching(Unwatched):
        def lost(self, host: str, reason: str, pause_s: float) -> None:
            told.append(pause_s)

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        if host.measured and gone:
            raise gone.pop()

        def renew() -> None:
            if len(host.measured) == 3 and gone:
                raise Unreachable("the connection was lost")

        yield HeldHost(host, renew)

    def breaks(_device: str, times: int) -> None:
        if times == 3:
            raise Unreachable("the connection was lost")

    host.before_run = breaks
    summary = measure(store, connect, clock=clock, progress=Watching())

    assert summary == RunSummary(ok=8, invalid=0, not_measured=0)
    assert told == [5, 15, 30, 60, 60, 120]
    assert clock.seconds > sum(told)


def test_a_load_that_takes_its_host_down_every_time_is_not_tried_for_ever(store: Store) -> None:
    host = FakeHypervisor()
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

    host.before_run = breaks
    summary = measure(store, connect)

    assert summary.not_measured
    assert host.measured.count("netfront") == len(PAUSES_S) + 1


def test_a_host_that_came_back_as_another_measures_nothing_more(store: Store) -> None:
    host = FakeHypervisor()

    def breaks(_device: str, times: int) -> None:
        if times == 3:
            host.now = replace(host.now, hypervisor="Xen 4.20", kernel="Linux 6.12")
            raise Unreachable("the connection was lost")

    host.before_run = breaks
    assert run(host, store) == RunSummary(ok=2, invalid=0, not_measured=6)
    reasons = {str(trial.reason) for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED}
    assert len(reasons) == 1
    assert "not what it was" in reasons.pop()


def test_a_disturbed_pair_is_measured_again_in_the_same_boot_with_its_first_attempt_kept(store: Store) -> None:
    host = FakeHypervisor()
    host.other_loads = [0.0, 0.3]  # the second trial of the first pair

    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)

    assert host.booted == ["b01-xen1", "b02-xen1"]
    assert [record.attempt for record in store.records()][:5] == [1, 1, 2, 2, 1]
    assert len(store.records()) == 10
    assert [str(flag) for record in store.records() for flag in record.flags] == [
        "disturbed: other guests used 30% of the host's CPUs"
    ]
    assert {trial.flags for trial in store.trials()} == {()}


def test_a_pair_that_is_always_disturbed_is_measured_three_times_and_flagged(store: Store) -> None:
    host = FakeHypervisor()
    host.other_loads = [0.5] * 4

    assert run(host, store) == RunSummary(ok=8, invalid=0, not_measured=0)

    # A partner of a trial that was disturbed would be measured for nothing, but for the last time.
    assert [record.attempt for record in store.records()][:5] == [1, 2, 3, 3, 1]
    assert [f.kind for trial in store.trials() for f in trial.flags] == [FlagKind.DISTURBED] * 2


def test_a_disturbed_pair_waits_for_calm_beneath(store: Store) -> None:
    host, clock = FakeHypervisor(), FakeClock()
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

    measure(store, connect, clock=clock)

    assert len(store.records()) == 10
    assert 2 <= clock.seconds < 4  # seconds of waiting; the fake's trials take none


def test_foreign_load_on_the_host_taints_the_trial(store: Store) -> None:
    host = FakeHypervisor()
    host.flags = (Flag(FlagKind.FOREIGN_LOAD, "in dom0 apt-get used 31% of a CPU"),)

    run(host, store)

    assert {trial.flags for trial in store.trials()} == {host.flags}


def test_every_measurement_is_preceded_by_the_pause_that_was_asked_for(store: Store) -> None:
    clock = FakeClock()

    measure(store, FakeHypervisor().hold, clock=clock, settle_s=30)

    assert 8 * 30 < clock.seconds < 9 * 30


def test_a_log_that_cannot_be_read_is_a_flag_and_the_figure_stands(store: Store) -> None:
    host = FakeHypervisor()
    host.log = b"200, what"

    run(host, store)

    said = {trial.spec.cell.workload.tool: trial.flags for trial in store.trials()}
    assert said["fio"] == (Flag(FlagKind.UNJUDGED, "fio: '200, what' is no line of its log"),)
    assert {trial.outcome for trial in store.trials()} == {Outcome.OK}


def test_a_guest_that_never_comes_up_gives_rows_with_the_reason(store: Store) -> None:
    host = FakeHypervisor()
    host.refused_boots = 2

    assert run(host, store) == RunSummary(ok=4, invalid=0, not_measured=4)
    assert {trial.reason for trial in store.trials()} == {None, "the guest did not come up"}


def test_an_interrupted_run_goes_on_where_it_stopped(store: Store) -> None:
    host = FakeHypervisor()

    def breaks(_device: str, times: int) -> None:
        if times == 4:
            raise KeyboardInterrupt

    host.before_run = breaks
    with pytest.raises(KeyboardInterrupt):
        run(host, store)
    assert host.undone == ["b01-xen1", "setup"]

    again = FakeHypervisor()
    assert run(again, store) == RunSummary(ok=8, invalid=0, not_measured=0)
    assert len(again.measured) == 6
    assert not list(parted(store.trials()))


def test_a_full_disk_stops_the_run_with_everything_undone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHypervisor()

    def full(_trial: Trial) -> None:
        raise DiskFull("no space left on the controller")

    monkeypatch.setattr(store, "append", full)
    with pytest.raises(DiskFull):
        run(host, store)
    assert host.undone == ["b01-xen1", "setup"]


def test_what_is_in_use_is_kept_with_each_trial_but_for_what_differs_from_boot_to_boot(store: Store) -> None:
    host = FakeHypervisor()
    host.in_use = lambda spec, device: (("scheduler", "credit2"), ("device model arguments", f"{spec.name} {device}"))
    run(host, store)

    assert {trial.in_use for trial in store.trials()} == {(("scheduler", "credit2"),)}


def test_what_the_guest_is_is_asked_once_a_boot_and_kept_with_each_of_its_trials(store: Store) -> None:
    host, asked = FakeHypervisor(), []

    def guest_facts(spec: GuestSpec, tools: Sequence[str]) -> tuple[tuple[str, str], ...]:
        asked.append((spec.name, tuple(tools), len(host.runs)))
        return (("kernel", f"6.1 of {spec.name}"),)

    host.guest_facts = guest_facts
    run(host, store)

    assert [(boot, sorted(tools), before) for boot, tools, before in asked] == [
        ("b01-xen1", ["fio", "netperf"], 0),
        ("b02-xen1", ["fio", "netperf"], 4),
    ]
    assert {trial.guest_facts for trial in store.trials() if trial.spec.boot == "b02-xen1"} == {
        (("kernel", "6.1 of b02-xen1"),)
    }


def test_a_boot_of_an_arm_that_has_another_part_in_use_than_before_gives_no_figures(store: Store) -> None:
    host = FakeHypervisor()
    host.in_use = lambda spec, device: (
        ("scheduler", "credit" if (spec.name, device) == ("b02-xen1", "ide") else "credit2"),
        ("event channels", "FIFO"),
    )

    assert run(host, store) == RunSummary(ok=4, invalid=0, not_measured=4)
    assert host.booted == ["b01-xen1", "b02-xen1", "b02-xen1"]
    reasons = {trial.reason for trial in store.trials() if trial.outcome is Outcome.NOT_MEASURED}
    assert len(reasons) == 1
    assert "ide on xen1 has not in use what it had in" in str(reasons)
    assert "scheduler was credit2, is credit" in str(reasons)


def test_arms_may_have_different_parts_in_use_and_boots_may_tell_less(store: Store) -> None:
    host = FakeHypervisor()
    host.in_use = lambda spec, device: (("event channels", device),) if spec.name == "b01-xen1" else ()

    assert run(host, store).ok == 8
