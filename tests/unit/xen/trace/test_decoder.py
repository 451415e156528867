"""The fast decoder says what a slow one does, and what is broken is said to be."""

import contextlib
import gzip
import itertools
import random
from pathlib import Path
from types import SimpleNamespace as Kit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pvbench.errors import TraceError
from pvbench.xen.trace import UNATTRIBUTED, read
from pvbench.xen.trace.events import COUNTED, EVENTS, FAULTS, SVM, VMX, Kind, reason

REAL = sorted((Path(__file__).parents[3] / "golden/trace").glob("*.gz"))
CODES = {True: [0x60, 0x64, 0x72, 0x78, 0x7B, 0x81, 0x400, 0x8F], False: [0, 1, 7, 10, 12, 18, 28, 30, 48, 49, 75]}


def name(svm: bool):
    return lambda code, mmio: "MMIO" if mmio and code in FAULTS else reason(code, svm)


def random_trace(kit: Kit, rng: random.Random, svm: bool, cpus: int, windows: int, most: int) -> bytes:
    """Return a valid trace of nonsense: any record may follow any other."""
    clock = itertools.count(1 << 32, 1)

    def vcpu() -> int:
        return rng.choice((0, 1, 2, 5, 0x7FFF)) << 16 | rng.randrange(2)

    def timed(event: int, *data: int) -> bytes:
        for _ in range(rng.randrange(4)):
            next(clock)
        return kit.record(event, *data, tsc=next(clock))

    wide = (0, 0x100)
    makers = [
        lambda: timed(0x21001 | rng.choice((1, 2, 3)) << 8, vcpu()),
        lambda: timed(0x21001 | rng.choice((1, 2, 3)) << 4, vcpu()),
        lambda: timed(0x21031, vcpu()),
        lambda: timed(0x21211 | 1 << 4, vcpu()),
        lambda: timed(0x21002, vcpu()),
        lambda: timed(0x2800A, rng.randrange(4), 0, rng.randrange(4), rng.randrange(2)),
        *[lambda: timed(0x81001 | rng.choice((0, 0, 0x400)))] * 4,
        *[lambda: timed(0x81002 | rng.choice(wide), rng.choice(CODES[svm]), 7, 8)] * 4,
        lambda: kit.record(0x82016 | rng.choice((0, 0x200)), rng.choice((0x1F0, 0x1F7)), 9),
        lambda: kit.record(0x82117 | rng.choice((0, 0x200)), 0xFEE00000 | rng.randrange(8192), 1, 9),
        lambda: kit.record(0x82017 | rng.choice((0, 0x200)), 0xFEC00000 | rng.randrange(8192)),
        lambda: kit.record(0x82012, rng.choice((20, 24, 32))),
        lambda: timed(0x20100D, rng.choice((20, 24, 32)) | 0x00500000, 1, 2),
        lambda: kit.record(rng.choice([event for event, kind in EVENTS.items() if kind in COUNTED][-6:]), 1, 2, 3),
        lambda: kit.record(0x1F002, *[0x1F003] * rng.randrange(8)),
        lambda: timed(0x84011, 0x81002, 0x9F003),
        lambda: timed(0x1F001, rng.randrange(9), rng.randrange(2) << 16 | rng.randrange(3), 5, 0),
    ]
    return b"".join(
        kit.window(rng.randrange(cpus), *(rng.choice(makers)() for _ in range(rng.randrange(most))))
        for _ in range(windows)
    )


@pytest.mark.thorough
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    svm=st.booleans(),
    cpus=st.integers(1, 4),
    windows=st.integers(1, 12),
    most=st.sampled_from((2, 10, 60)),
    chunk=st.one_of(st.integers(40, 400), st.just(4 << 20)),
)
def test_fast_and_slow_decoders_agree(kit: Kit, seed: int, svm: bool, cpus: int, windows: int, most: int, chunk: int):
    data = random_trace(kit, random.Random(seed), svm, cpus, windows, most)
    slow = kit.slow(data)

    trace = read(kit.write(data), svm=svm, chunk=chunk)

    kit.alike(trace, slow.answer(name(svm)))
    assert (trace.records, trace.lost, trace.cpus) == (slow.records, slow.lost, len(slow.cpus))
    assert trace.cycles == (max(slow.stamps) - min(slow.stamps) if slow.stamps else 0)
    assert not trace.truncated


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_fast_and_slow_decoders_agree_on_a_real_trace(kit: Kit, path: Path) -> None:
    data = gzip.decompress(path.read_bytes())

    for chunk in (977, 4 << 20):
        trace = read(kit.write(data), chunk=chunk)
        kit.alike(trace, kit.slow(data).answer(name(True)))
        assert (trace.vendor, trace.vendor_known, trace.attributed, trace.lost) == ("svm", "codes", True, 0)


def test_every_emulated_access_of_a_real_guest_on_ide_waits_for_the_device_model_and_none_on_blkfront(kit: Kit) -> None:
    found = {}
    for path in REAL:
        trace = read(kit.write(gzip.decompress(path.read_bytes())))
        found[path.name.split("-")[0]] = dict(trace.domains[max(trace.domains)].counts)

    accesses = found["ide"]["port I/O read"] + found["ide"]["port I/O write"]
    assert found["ide"]["device-model round trip"] == pytest.approx(accesses, abs=2)
    assert "device-model round trip" not in found["blkfront"]
    assert found["blkfront"]["event channel send"] > 0


@pytest.mark.parametrize(("svm", "code"), [(True, code) for code in SVM] + [(False, code) for code in VMX])
@pytest.mark.parametrize("wide", [0, 0x100])
def test_every_exit_code_has_its_reason(kit: Kit, svm: bool, code: int, wide: int) -> None:
    table = SVM if svm else VMX
    path = kit.write(kit.window(0, kit.record(0x81002 | wide, code, 1, 2, tsc=5), kit.record(0x81001, tsc=25)))

    trace = read(path, svm=svm)

    counts = trace.domains[UNATTRIBUTED]
    assert counts.counts == ((f"exit: {table[code]}", 1),)
    assert counts.exit_codes == ((code, 1),)
    assert [(each.reason, each.hypervisor, each.away) for each in counts.cycles_by_exit] == [(table[code], 20, 20)]
    assert (trace.vendor, trace.vendor_known, trace.attributed) == ("svm" if svm else "vmx", "given", False)


@pytest.mark.parametrize("event", [event for event, kind in EVENTS.items() if kind in COUNTED])
def test_every_counted_event_is_counted(kit: Kit, event: int) -> None:
    path = kit.write(kit.window(3, kit.record(0x21101, 7 << 16, tsc=1), kit.record(event, 1, 2, 3)))

    assert read(path).domains[7].counts == ((COUNTED[EVENTS[event]], 1),)


@pytest.mark.parametrize(
    ("event", "codes", "vendor", "known"),
    [
        (0x81002, (1, 12, 30, 48), "vmx", "codes"),
        (0x81002, (0x60, 0x7B), "svm", "codes"),
        (0x81002, (0x400,), "svm", "codes"),
        (0x81002, (0x80000021,), "vmx", "codes"),
        (0x81003, (0x10,), "svm", "event"),
        (0x81001, (), None, None),
    ],
)
def test_the_vendor_is_told_by_event_or_codes(kit: Kit, event: int, codes: tuple[int, ...], vendor: str, known: str):
    path = kit.write(kit.window(0, *(kit.record(event, code, tsc=9) for code in codes)))

    trace = read(path)

    assert (trace.vendor, trace.vendor_known) == (vendor, known)


def test_an_exit_that_waits_on_one_cpu_and_ends_on_another_is_one(kit: Kit) -> None:
    path = kit.write(
        kit.window(
            1, kit.record(0x21101, 2 << 16, tsc=500), kit.record(0x82016, 0x1F7, 0x50), kit.record(0x81001, tsc=530)
        ),
        kit.window(
            0,
            kit.record(0x21101, 2 << 16, tsc=100),
            kit.record(0x81002, 0x7B, 9, tsc=200),
            kit.record(0x2800A, 2, 0, 0x7FFF, 0, tsc=240),
            kit.record(0x21031, 2 << 16, tsc=245),
            kit.record(0x21101, 0x7FFF0000, tsc=246),
        ),
    )

    trace = read(path)

    counts = trace.domains[2]
    assert dict(counts.counts) == {"exit: port I/O": 1, "port I/O read": 1, "device-model round trip": 1}
    (cost,) = counts.cycles_by_exit
    assert (cost.exits, cost.hypervisor, cost.away) == (1, 40 + 30, 330)
    assert list(trace.domains) == [2]


def test_a_fault_that_is_emulated_is_mmio(kit: Kit) -> None:
    fault = kit.record(0x81102, 0x400, 1, 2, tsc=10)
    path = kit.write(
        kit.window(0, fault, kit.record(0x82117, 0xFEE00300, 0, 5), kit.record(0x81001, tsc=20)),
        kit.window(0, fault, kit.record(0x81001, tsc=20)),
    )

    counts = read(path).domains[UNATTRIBUTED]

    assert dict(counts.counts) == {"exit: MMIO": 1, "exit: nested page fault": 1, "MMIO read": 1}
    assert counts.pages == ((0xFEE00000, 1, 0),)


def test_what_came_before_the_first_switch_belongs_to_who_is_switched_from(kit: Kit) -> None:
    path = kit.write(kit.window(0, kit.record(0x82012, 32), kit.record(0x21021, 9 << 16, tsc=4)))

    assert dict(read(path).domains[9].counts) == {"event channel send": 1}


def test_without_the_scheduler_nothing_is_attributed(kit: Kit) -> None:
    trace = read(kit.write(kit.window(0, kit.record(0x82012, 32), kit.record(0x81002, 0x81, 1, tsc=3))))

    assert not trace.attributed
    assert not trace.waits_seen
    assert dict(trace.domains[UNATTRIBUTED].counts) == {"event channel send": 1, "exit: hypercall": 1}


def test_one_domain_can_be_asked_for(kit: Kit) -> None:
    calls = (kit.record(0x21101, number << 16, tsc=number + 1) + kit.record(0x82012, 32) for number in range(4))
    path = kit.write(kit.window(0, *calls))

    assert list(read(path).domains) == [0, 1, 2, 3]
    assert list(read(path, domain=2).domains) == [2]
    assert dict(read(path, domain=8).domains) == {}


def test_lost_records_are_counted_and_say_who_runs(kit: Kit) -> None:
    path = kit.write(
        kit.window(
            0,
            kit.record(0x21101, 2 << 16, tsc=1),
            kit.record(0x81002, 0x7B, 1, tsc=2),
            kit.record(0x1F001, 17, 1 << 16 | 3, 0, 0, tsc=9),
            kit.record(0x81001, tsc=10),
            kit.record(0x82012, 32),
        )
    )

    trace = read(path)

    assert (trace.lost, trace.lower_bound) == (17, True)
    assert dict(trace.domains[3].counts) == {"event channel send": 1}
    assert trace.domains[2].cycles_by_exit == ()


def test_a_trace_cut_at_any_byte_is_a_lower_bound(kit: Kit) -> None:
    data = random_trace(kit, random.Random(7), True, 2, 4, 12)
    whole = {0, *itertools.accumulate(len(each) for each in windows_of(data))}

    for end in range(1, len(data)):
        path = kit.write(data[:end])
        trace = read(path, svm=True)
        kit.alike(trace, kit.slow(data[:end]).answer(name(True)))
        assert trace.truncated == (end not in whole)


@pytest.mark.thorough
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), chunk=st.sampled_from((40, 300, 4 << 20)))
def test_damage_of_any_kind_is_an_error_or_a_count(kit: Kit, seed: int, chunk: int) -> None:
    rng = random.Random(seed)
    data = bytearray(random_trace(kit, rng, True, 3, 6, 20))
    for _ in range(rng.randrange(1, 4)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path = kit.write(bytes(data))

    with contextlib.suppress(TraceError):
        assert read(path, chunk=chunk).records > 0


@pytest.mark.parametrize("chunk", [40, 4 << 20])
def test_a_cpu_that_xen_cannot_have_is_damage(kit: Kit, chunk: int) -> None:
    path = kit.write(kit.window(0, kit.record(0x82012, 32)), kit.window(1 << 16, kit.record(0x82012, 32)))

    with pytest.raises(TraceError, match="byte 20: Xen has no record that begins with 0x2001f003"):
        read(path, chunk=chunk)


def windows_of(data: bytes):
    while data:
        size = 12 + int.from_bytes(data[8:12], "little")
        yield data[:size]
        data = data[size:]


def test_an_empty_file_is_no_trace(kit: Kit) -> None:
    with pytest.raises(TraceError, match=r"trace\.bin is empty"):
        read(kit.write(b""))


@pytest.mark.parametrize("data", [b"\x7fELF", b"{}", b"\x03", b"\x00" * 100, b"hello, world, this"])
def test_what_is_no_trace_is_said_to_be_none(kit: Kit, data: bytes) -> None:
    if data == b"\x03":
        assert read(kit.write(data)).truncated
        return
    with pytest.raises(TraceError, match=r"trace\.bin: byte 0: not a file of xentrace"):
        read(kit.write(data))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read: No such file"):
        read(tmp_path / "none")


@pytest.mark.parametrize("chunk", [40, 4 << 20])
@pytest.mark.parametrize("word", [0x00000000, 0x00030001, 0x0001F003, 0x00010001])
def test_a_damaged_record_is_named_by_its_byte(kit: Kit, word: int, chunk: int) -> None:
    bad = word.to_bytes(4, "little")
    path = kit.write(kit.window(0, kit.record(0x82012, 32), bad, kit.record(0x82012, 32)))

    with pytest.raises(TraceError, match=f"byte 20: Xen has no record that begins with {word:#010x}"):
        read(path, chunk=chunk)


@pytest.mark.parametrize("chunk", [40, 4 << 20])
def test_a_window_that_does_not_match_its_records_is_named(kit: Kit, chunk: int) -> None:
    call = kit.record(0x82012, 32)
    long = kit.record(0x1F003, 0, 20) + call * 2
    short = kit.record(0x1F003, 0, 8) + call * 2

    for first, at in ((long, 28), (short, 20)):
        with pytest.raises(TraceError, match=f"byte {at}: the records do not end where their window does"):
            read(kit.write(first, kit.window(1, *[call] * 30)), chunk=chunk)


def test_missing_time_stamps_cost_no_counts(kit: Kit) -> None:
    path = kit.write(kit.window(0, kit.record(0x81002, 0x7B, 1), kit.record(0x81001)))

    trace = read(path)

    assert dict(trace.domains[UNATTRIBUTED].counts) == {"exit: port I/O": 1}
    assert (trace.cycles, trace.domains[UNATTRIBUTED].cycles_by_exit) == (0, ())


def test_every_kind_has_a_place(kit: Kit) -> None:
    assert set(EVENTS.values()) == set(Kind) - {Kind.IMPLAUSIBLE, Kind.UNCOUNTED}
