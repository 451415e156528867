"""What a recording says of its domain, and what is kept of it."""

import gzip
from pathlib import Path

import pytest

from pvbench.errors import CommandFailed, TraceError
from pvbench.hypervisor import TracedLoad
from pvbench.xen import XenHypervisor, trace
from pvbench.xen.mechanism import Recording
from pvbench.xen.tracing import KEPT_AS, decoded
from tests.unit.xen.dom0 import SPEC, Dom0

WHOLE = gzip.decompress((Path(__file__).parents[2] / "golden/trace/ide-all.bin.gz").read_bytes())
DOMAIN = 2


def test_ios_are_those_of_the_trace_where_they_leave_a_mark_there() -> None:
    made = decoded(Recording(WHOLE, DOMAIN, 2445.0, 60, 2.5), "ide", 10.0).mechanism

    assert 20 < (made.per_io("exit: port I/O") or 0) < 32  # I/Os counted by IDE commands in the trace itself
    assert (made.slowdown, made.recorded_bytes) == (pytest.approx(10 / 24), len(WHOLE))


def test_else_they_are_the_hosts_rate_times_the_seconds_traced() -> None:
    made = decoded(Recording(WHOLE, DOMAIN, None, 60, 2.5), "netfront", None).mechanism

    assert (made.ios, made.traced_s, made.slowdown, made.away) == (60, 2.5, None, ())


def test_what_is_kept_of_a_trace_is_the_measured_domain_alone(tmp_path: Path) -> None:
    ((name, content),) = decoded(Recording(WHOLE, DOMAIN, 2445.0, 60, 2.5), "ide", None).files

    (tmp_path / "whole.bin").write_bytes(WHOLE)
    (tmp_path / "part.bin").write_bytes(gzip.decompress(content))
    whole, part = (trace.read(tmp_path / file) for file in ("whole.bin", "part.bin"))
    assert name == KEPT_AS
    assert sorted(whole.domains) == [0, DOMAIN]
    assert dict(part.domains) == {DOMAIN: whole.domains[DOMAIN]}


def test_a_trace_without_the_domain_tells_nothing_of_it() -> None:
    with pytest.raises(TraceError, match="nothing of the domain"):
        decoded(Recording(WHOLE, 7, 2445.0, 60, 2.5), "ide", None)


@pytest.mark.parametrize("mhz", [float("nan"), float("inf"), -1.0, 1e-320])
def test_a_clock_that_is_nonsense_makes_no_mechanism(mhz: float) -> None:
    with pytest.raises((TraceError, ValueError)):
        decoded(Recording(WHOLE, DOMAIN, mhz, 60, 2.5), "ide", None)


def load(*argv: str) -> TracedLoad:
    return TracedLoad(argv, 2.5, 2.0, None, lambda printed: printed)


def test_a_trace_is_armed_before_the_load_and_fetched_after_it(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        with pytest.raises(TraceError):
            guest.trace("blkfront", load("fio", "--x"))
        traps = guest.traps()

    recorder = [what for what, _ in dom0.asked if what.startswith("pvb-trace")]
    assert recorder == ["pvb-trace arm", "pvb-trace collect", "pvb-trace forget"]
    assert traps[0].bins == ((900, 3), (1100, 1))


def test_a_load_that_failed_is_no_load_that_was_traced(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        with pytest.raises(CommandFailed, match="to be traced failed: fails exited with 1: fio: io_u error on"):
            guest.trace("blkfront", load("fails"))

    assert [what for what, _ in dom0.asked if what.startswith("pvb-trace")] == ["pvb-trace arm", "pvb-trace forget"]


def test_a_trace_that_came_in_part_is_none(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.fetched = "tra"
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        with pytest.raises(CommandFailed, match="could not be fetched: 3 of 5 bytes came"):
            guest.trace("blkfront", load("fio"))

    assert dom0.asked[-3][0] == "pvb-trace forget"


def test_a_pv_guest_has_no_exits_but_hypercalls() -> None:
    made = decoded(Recording(WHOLE, 0, 2445.0, 60, 2.5), "blkfront", 10.0).mechanism  # dom0 is one

    assert not [what for what, _ in made.counts if what.startswith("exit")]
    assert dict(made.counts)["PV hypercall"] > dict(made.counts)["event channel send"] > 0
