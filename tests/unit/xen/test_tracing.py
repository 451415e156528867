"""What a recording says of its domain, and what is kept of it."""

import gzip
from pathlib import Path

import pytest

from pvbench.errors import TraceError
from pvbench.xen import trace
from pvbench.xen.mechanism import Recording
from pvbench.xen.tracing import KEPT_AS, decoded

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
