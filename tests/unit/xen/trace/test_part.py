"""A domain's part of a trace says of it what the whole trace says, and nothing of others."""

import contextlib
import gzip
import random
import struct
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace as Kit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pvbench.errors import TraceError
from pvbench.xen.trace import Trace, only, read

from .test_decoder import REAL, random_trace

EXAMPLE = sorted((Path(__file__).parents[4] / "results/example/quickstart/raw").glob("*/xentrace.bin.gz"))
IDLE = 0x7FFF


def same(kit: Kit, path: Path, domain: int, chunk: int = 4 << 20) -> tuple[bytes, Trace]:
    """Fail unless the part says of the domain what the whole does; return both."""
    whole, part = read(path, domain=domain), only(path, domain, chunk)
    found = read(kit.write(part), domain=domain)
    assert dict(found.domains) == dict(whole.domains)
    # Whose exit codes they are matters where there are any.
    told = {} if whole.domains[domain].exits else {"vendor": None, "vendor_known": None}
    assert replace(found, domains={}, records=0, **told) == replace(whole, domains={}, records=0, **told)
    assert set(read(kit.write(part)).domains) <= {domain, IDLE}
    assert named(part) <= {domain, IDLE}
    return part, whole


def named(part: bytes) -> set[int]:
    """Every domain that a record of the scheduler, or of losses, names."""
    found, offset = set(), 0
    while offset + 4 <= len(part):
        (header,) = struct.unpack_from("<I", part, offset)
        count, event = header >> 28 & 7, header & 0xFFFFFFF
        offset += 4 + 8 * (header >> 31)
        words = struct.unpack_from(f"<{count}I", part, offset)
        offset += 4 * count
        if event == 0x2800A:
            found |= {words[0], words[2]}
        elif event == 0x1F001:
            found.add(words[1] & 0xFFFF)
        elif event >> 16 == 2:
            found.add(words[0] >> 16)
    return found


@pytest.mark.thorough
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    svm=st.booleans(),
    cpus=st.integers(1, 4),
    windows=st.integers(1, 12),
    most=st.sampled_from((2, 10, 60)),
    chunk=st.one_of(st.integers(40, 400), st.just(4 << 20)),
    domain=st.sampled_from((0, 1, 2, 5)),
    cut=st.integers(0, 60),
)
def test_any_trace_says_of_a_domain_the_same_in_whole_and_in_part(
    kit: Kit, seed: int, svm: bool, cpus: int, windows: int, most: int, chunk: int, domain: int, cut: int
) -> None:
    data = random_trace(kit, random.Random(seed), svm, cpus, windows, most)
    path = kit.write(data[: len(data) - cut] or data)
    if not read(path, domain=domain).domains:
        return

    same(kit, path, domain, chunk)


@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_real_trace_says_of_a_guest_the_same_in_whole_and_in_part(kit: Kit, path: Path) -> None:
    data = gzip.decompress(path.read_bytes())
    whole = kit.write(data)
    guest = max(number for number, counts in read(whole).domains.items() if counts.exits)

    part, _ = same(kit, whole, guest)

    assert len(part) < 0.9 * len(data)


@pytest.mark.parametrize("path", EXAMPLE, ids=lambda path: path.parent.name)
def test_what_a_run_keeps_is_the_guests_part_already(kit: Kit, path: Path) -> None:
    data = gzip.decompress(path.read_bytes())
    whole = kit.write(data)
    (guest,) = (number for number in read(whole).domains if number != IDLE)

    part, _ = same(kit, whole, guest)

    assert part == data


def test_nothing_of_what_another_guest_did_stays(kit: Kit) -> None:
    def turn(domain: int, at: int, page: int) -> bytes:
        return b"".join(
            (
                kit.record(0x2800A, 11 - domain, 0, domain, 0, tsc=at),
                kit.record(0x21101, domain << 16, tsc=at + 1),
                kit.record(0x81001, tsc=at + 2),
                kit.record(0x81102, 0x400, page, 0, tsc=at + 10),
                kit.record(0x82117, page, 0, 5),
                kit.record(0x82016, 0x1F7, 0x50),
                kit.record(0x81001, tsc=at + 20),
                kit.record(0x22001, 9 << 16, 3),
                kit.record(0x82012, 32),
            )
        )

    secret, ours = 0xFEB5E000, 0xFEE00000
    path = kit.write(kit.window(0, turn(9, 100, secret), turn(2, 200, ours), turn(9, 300, secret), turn(2, 400, ours)))

    part, whole = same(kit, path, 2)

    assert whole.domains[2].pages == ((ours, 2, 0),)
    assert secret.to_bytes(4, "little") not in part
    assert (9 << 16).to_bytes(4, "little") not in part


def test_the_time_that_others_took_from_a_guest_stays_its_own(kit: Kit) -> None:
    path = kit.write(
        kit.window(
            0,
            kit.record(0x82012, 1, tsc=50),
            kit.record(0x21101, 2 << 16, tsc=100),
            kit.record(0x81002, 0x7B, 1, tsc=110),
            kit.record(0x2800A, 2, 0, 5, 1, tsc=120),
            kit.record(0x21031, 2 << 16, tsc=121),
            kit.record(0x21101, 5 << 16 | 1, tsc=122),
            kit.record(0x81002, 0x78, 1, tsc=130),
            kit.record(0x2800A, 5, 1, 2, 0, tsc=900),
            kit.record(0x21101, 2 << 16, tsc=901),
            kit.record(0x81001, tsc=910),
            kit.record(0x21101, 6 << 16, tsc=950),
            kit.record(0x82012, 32, tsc=990),
        )
    )

    _, whole = same(kit, path, 2)

    (cost,) = whole.domains[2].cycles_by_exit
    assert (cost.hypervisor, cost.away, whole.cycles) == (10 + 10, 800, 940)
    assert dict(whole.domains[2].counts)["device-model round trip"] == 1


def test_whose_exit_codes_they_are_stays_known(kit: Kit) -> None:
    def turn(domain: int, code: int) -> bytes:
        return kit.record(0x21101, domain << 16, tsc=10 * domain) + kit.record(0x81002, code, 7, 8, tsc=10 * domain + 5)

    path = kit.write(kit.window(0, turn(2, 0x10), turn(3, 0x60)))

    part, whole = same(kit, path, 2)

    assert dict(whole.domains[2].counts) == {"exit: CR access": 1}
    assert read(kit.write(part)).vendor == "svm"


@pytest.mark.thorough
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), chunk=st.sampled_from((40, 300, 4 << 20)))
def test_damage_of_any_kind_is_an_error_or_a_trace(kit: Kit, seed: int, chunk: int) -> None:
    rng = random.Random(seed)
    data = bytearray(random_trace(kit, rng, True, 3, 6, 20))
    for _ in range(rng.randrange(1, 4)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path = kit.write(bytes(data))

    with contextlib.suppress(TraceError):
        part = only(path, 2, chunk)
        assert read(kit.write(part)).records > 0


def test_what_is_no_trace_has_no_part(kit: Kit) -> None:
    with pytest.raises(TraceError, match="not a file of xentrace"):
        only(kit.write(b"hello, world, this"), 2)
