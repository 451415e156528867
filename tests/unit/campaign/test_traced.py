"""The further pass under a trace, and what else is optional: what goes wrong there costs no figure."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pvbench.campaign.world import HeldHost
from pvbench.errors import (
    BootError,
    CommandFailed,
    CommandTimeout,
    DiskFull,
    ParseError,
    TraceError,
    Unreachable,
)
from pvbench.model import (
    FlagKind,
    Outcome,
    Trial,
)
from pvbench.store import Store
from pvbench.testing import FakeHypervisor
from pvbench.testing.campaign import measure
from pvbench.testing.hypervisor import MECHANISM


def traced(host: FakeHypervisor, store: Store) -> list[Trial]:
    measure(store, host.hold, traced_blocks=1)
    return [trial for trial in store.trials() if trial.spec.block == 1]


def test_a_traced_load_that_failed_makes_no_mechanism(store: Store) -> None:
    """iperf3 3.12 ends with exit code 0 and {"error": …}: only its output tells that there was no load to trace."""
    host = FakeHypervisor()
    host.traced_output = b'{"error": "control socket has closed unexpectedly"}'

    for trial in traced(host, store):
        assert trial.outcome is Outcome.OK
        assert trial.mechanism is None
        assert FlagKind.MECHANISM in {flag.kind for flag in trial.flags}


def test_a_traced_pass_is_made_once_for_the_attempt_that_counts(store: Store) -> None:
    host = FakeHypervisor()
    host.other_loads = [0.5, 0.0]

    found = traced(host, store)

    assert all(trial.mechanism for trial in found if trial.attempt == 2)
    first = [record for record in store.records() if record.attempt == 1 and "disturbed" in str(record.flags)]
    assert [record.mechanism for record in first] == [None]


def test_the_arms_of_a_pair_are_measured_side_by_side_and_traced_after(store: Store) -> None:
    host = FakeHypervisor()

    traced(host, store)

    first = [(record.spec.cell.device, "trace" in dict(record.seconds)) for record in store.records()][:4]
    assert [was_traced for _, was_traced in first] == [False, False, True, True]
    assert [device for device, _ in first[:2]] == [device for device, _ in first[2:]]
    assert store.earlier() == ()


def test_the_first_blocks_carry_a_trace_of_their_own_pass(store: Store) -> None:
    host = FakeHypervisor()

    found = {trial.spec.cell.device: trial for trial in traced(host, store)}

    assert {trial.mechanism for trial in found.values()} == {MECHANISM}
    assert found["ide"].traps[0].name == "empty hypercall"
    assert [reading.metric for reading in found["ide"].ceiling][:2] == ["throughput", "iops"]
    assert found["netfront"].ceiling == ()
    assert store.raw(found["ide"].raw[-1]) == b"what it did"
    assert found["ide"].raw[-1].path.endswith("trace.bin")
    # What the host counted in the runtime and the warm-up of the timed pass: 10 I/Os.
    assert (host.untraced_rates["ide"], host.untraced_rates["netfront"]) == (10 / 1, 10 / 2)
    assert all(trial.mechanism is None for trial in store.trials() if trial.spec.block == 2)


def test_a_trace_that_cannot_be_taken_is_a_flag_and_the_figure_stands(store: Store) -> None:
    host = FakeHypervisor()

    def fails(what: str) -> None:
        if what == "trace":
            raise TraceError("the trace tells nothing of the domain")

    host.before_step = fails
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
    host = FakeHypervisor()

    def fails(asked: str) -> None:
        if asked == what:
            raise error

    host.before_step = fails
    found = traced(host, store)

    assert {trial.outcome for trial in found} == {Outcome.OK}
    assert all(trial.readings for trial in found)
    assert host.booted == ["b01-xen1", "b02-xen1"]
    assert len(host.measured) == 8
    for trial in found:
        (flag,) = trial.flags
        assert flag.kind is OPTIONAL[what]
        assert str(error) in flag.detail
        assert (trial.mechanism is None, trial.traps == ()) == (what == "trace", what == "traps")
    assert store.earlier() == ()


def test_a_guest_that_is_gone_in_an_optional_pass_is_met_by_the_next_trial(store: Store) -> None:
    host = FakeHypervisor()
    gone: list[str] = []

    def fails(what: str) -> None:
        if what == "trace" and len(host.booted) == 1:
            gone.append(what)
        if gone and len(host.booted) == 1:
            raise Unreachable("the connection was lost")

    def breaks(_device: str, _times: int) -> None:
        fails("execute")

    host.before_step, host.before_run = fails, breaks

    assert {trial.outcome for trial in traced(host, store)} == {Outcome.OK}
    assert host.booted == ["b01-xen1", "b01-xen1", "b02-xen1"]
    assert [len(record.flags) for record in store.records()][:6] == [0, 0, 3, 3, 0, 0]


def test_a_host_that_is_lost_under_a_trace_costs_no_figure_that_was_measured(store: Store) -> None:
    host = FakeHypervisor()
    lost: list[str] = []

    def breaks(step: str) -> None:
        if step == "trace" and len(host.boots) == 1:
            lost.append(step)
            raise Unreachable("the connection was lost")

    @contextmanager
    def connect(_name: str) -> Iterator[HeldHost]:
        lost.clear()

        def renew() -> None:
            if lost:
                raise Unreachable("the connection was lost")

        yield HeldHost(host, renew)

    host.before_step = breaks
    measure(store, connect, traced_blocks=1)

    assert {trial.outcome for trial in store.trials()} == {Outcome.OK}
    assert len(host.measured) == len(store.trials())
