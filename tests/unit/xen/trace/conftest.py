"""A writer of traces and a slow counter of them, both record by record and apart from pvbench.xen.trace."""

import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

IDLE = 0x7FFF


def record(event: int, *data: int, tsc: int | None = None) -> bytes:
    header = event | len(data) << 28 | (tsc is not None) << 31
    stamp = b"" if tsc is None else struct.pack("<Q", tsc)
    return struct.pack("<I", header) + stamp + struct.pack(f"<{len(data)}I", *data)


def window(cpu: int, *records: bytes) -> bytes:
    body = b"".join(records)
    return record(0x1F003, cpu, len(body)) + body


@dataclass
class Slow:
    """Counts of one domain."""

    codes: Counter[int] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    ports: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    pages: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    took: dict[tuple[int, bool], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    waits: int = 0


@dataclass
class SlowCpu:
    number: int
    who: tuple[int, int] | None = None
    before: int | None = None
    told: bool = False
    borders: list[list] = field(default_factory=list)


SIMPLE = {
    0x82004: "interrupt injected",
    0x82025: "VLAPIC event",
    0x10F001: "grant map",
    0x10F002: "grant unmap",
    0x10F003: "grant transfer",
}
CALLS = {20: "grant operation", 32: "event channel send"}


class SlowCounter:
    """Goes through a whole trace one record after another."""

    def __init__(self, data: bytes) -> None:
        self.cpus: dict[int, SlowCpu] = {}
        self.by: dict[tuple, Slow] = defaultdict(Slow)
        self.stretches: dict[tuple, list] = defaultdict(list)
        self.records = self.lost = 0
        self.stamps: list[int] = []
        self.losses: list[int] = []
        here, offset = SlowCpu(-1), 0
        while offset + 4 <= len(data):
            (header,) = struct.unpack_from("<I", data, offset)
            count, timed = header >> 28 & 7, header >> 31
            size = 4 + 8 * timed + 4 * count
            if offset + size > len(data):
                break
            stamp = struct.unpack_from("<Q", data, offset + 4)[0] if timed else 0
            words = struct.unpack_from(f"<{count}I", data, offset + 4 + 8 * timed)
            offset += size
            self.records += 1
            if stamp:
                self.stamps.append(stamp)
            if header & 0xFFFFFFF == 0x1F003:
                here = self.cpus.setdefault(words[0], SlowCpu(words[0]))
            else:
                self.one(here, header & 0xFFFFFFF, stamp, words)
        self.join()

    def domain(self, cpu: SlowCpu) -> tuple:
        return ("?", cpu.number) if cpu.who is None else ("d", cpu.who[0])

    def one(self, cpu: SlowCpu, event: int, stamp: int, words: Sequence[int]) -> None:
        runstate = event & ~0x330 == 0x21001
        old, new = event >> 8 & 3, event >> 4 & 3
        now = None
        if event == 0x1F001:
            self.lost += words[0]
            self.losses.append(stamp)
            now = (words[1] & 0xFFFF, words[1] >> 16)
            self.tell(cpu, None)
        elif (runstate and new == 0) or event == 0x21002:
            now = (words[0] >> 16, words[0] & 0xFFFF)
            self.tell(cpu, now[0] if event == 0x21002 else None)
        elif event == 0x2800A:
            now = (words[2], words[3])
            self.tell(cpu, words[0])
        elif runstate and old == 0:
            self.tell(cpu, words[0] >> 16)
            if new == 3:
                self.wait(cpu, (words[0] >> 16, words[0] & 0xFFFF))
        if now is not None and (event == 0x1F001 or now != cpu.who):
            cpu.who = now
            self.border(cpu, "lost" if event == 0x1F001 else "switch", stamp, -1)
        mine = self.by[self.domain(cpu)]
        plain = event & ~0x500
        wide = event & 0x100
        if event & ~0x400 == 0x81001:
            self.border(cpu, "entry", stamp, -1)
        elif plain in (0x81002, 0x81003):
            mine.codes[words[0]] += 1
            self.border(cpu, "exit", stamp, words[0])
        elif event & ~0x300 == 0x82016:
            write = event >> 9 & 1
            mine.counts["port I/O write" if write else "port I/O read"] += 1
            mine.ports[words[0] & 0xFFFF][write] += 1
        elif event & ~0x300 == 0x82017:
            write = event >> 9 & 1
            mine.counts["MMIO write" if write else "MMIO read"] += 1
            mine.pages[(words[0] | (words[1] << 32 if wide else 0)) & ~0xFFF & (1 << 52) - 1][write] += 1
            if cpu.borders:
                cpu.borders[-1][4] = True
        elif event in SIMPLE:
            mine.counts[SIMPLE[event]] += 1
        elif event in (0x82012, 0x20100D, 0x20200E):
            if event != 0x82012:
                mine.counts["PV hypercall"] += 1
            if words[0] & 0xFFFFF in CALLS:
                mine.counts[CALLS[words[0] & 0xFFFFF]] += 1

    def tell(self, cpu: SlowCpu, before: int | None) -> None:
        if not cpu.told:
            cpu.told, cpu.before = True, before

    def border(self, cpu: SlowCpu, kind: str, stamp: int, code: int) -> None:
        who = cpu.who if cpu.who is not None else ("?", cpu.number)
        if cpu.borders:
            last = cpu.borders[-1]
            if last[0] in ("exit", "switch") and kind != "lost" and last[1][0] != IDLE:
                self.stretches[last[1]].append((last[2], stamp, last[3], last[4], kind == "entry"))
        cpu.borders.append([kind, who, stamp, code, False])

    def wait(self, cpu: SlowCpu, who: tuple[int, int]) -> None:
        for kind, owner, _, code, _ in cpu.borders[:-3:-1]:
            if owner == who:
                if kind == "switch" or (kind == "exit" and code in (0x7B, 0x400, 30, 48, 49)):
                    self.by["d", who[0]].waits += 1
                return

    def join(self) -> None:
        for who, stretches in self.stretches.items():
            chain: list = []
            for stretch in sorted(stretches):
                at_once = stretch[2] >= 0 and stretch[4]
                whole = [stretch] if at_once else []
                if not at_once:
                    chain = [stretch] if stretch[2] >= 0 else [*chain, stretch] if chain else []
                    if chain and stretch[4]:
                        whole, chain = chain, []
                        if any(whole[0][0] <= loss < stretch[1] for loss in self.losses):
                            whole = []
                if whole:
                    worked = sum(ended - began for began, ended, *_ in whole)
                    key = whole[0][2], any(each[3] for each in whole)
                    whose = who if who[0] == "?" else ("d", who[0])
                    self.by[whose].took[key].append((worked, whole[-1][1] - whole[0][0]))

    def answer(self, name: Callable[[int, bool], str]) -> dict[int, tuple]:
        """What each domain did, in a form to compare with; `name` gives an exit's reason."""
        merged: dict[int, Slow] = defaultdict(Slow)
        for (kind, number), slow in self.by.items():
            before = self.cpus[number].before if kind == "?" else None
            into = merged[number if kind == "d" else -1 if before is None else before]
            into.codes += slow.codes
            into.counts += slow.counts
            into.waits += slow.waits
            for ours, theirs in ((into.ports, slow.ports), (into.pages, slow.pages)):
                for key, (reads, writes) in theirs.items():
                    ours[key][0] += reads
                    ours[key][1] += writes
            for key, took in slow.took.items():
                into.took[key] += took
        return {number: flat(slow, name) for number, slow in merged.items() if slow.codes or slow.counts}


def flat(slow: Slow, name: Callable[[int, bool], str]) -> tuple:
    counts = Counter(slow.counts)
    for code, often in slow.codes.items():
        counts["exit: " + name(code, False)] += often
    cycles: dict[str, list] = defaultdict(list)
    for (code, mmio), took in slow.took.items():
        cycles[name(code, mmio)] += took
        if name(code, mmio) != name(code, False):
            counts["exit: " + name(code, True)] += len(took)
            counts["exit: " + name(code, False)] -= len(took)
    if slow.codes:
        counts["device-model round trip"] = slow.waits
    return (
        +counts,
        slow.codes,
        {key: tuple(each) for key, each in slow.ports.items()},
        {key: tuple(each) for key, each in slow.pages.items()},
        {why: (len(t), sum(a for a, _ in t), sum(b for _, b in t)) for why, t in cycles.items()},
        {why: (middle(a for a, _ in t), middle(b for _, b in t)) for why, t in cycles.items()},
    )


def middle(values) -> int:
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def alike(trace, slow: dict[int, tuple]) -> None:
    """Fail unless a Trace says what the slow counter does."""
    assert set(trace.domains) == set(slow)
    for number, (counts, codes, ports, pages, cycles, medians) in slow.items():
        got = trace.domains[number]
        assert dict(got.counts) == counts
        assert list(got.counts) == sorted(got.counts, key=lambda pair: (-pair[1], pair[0]))
        assert (got.exits, dict(got.exit_codes)) == (codes.total(), codes)
        assert {port: (reads, writes) for port, reads, writes in got.ports} == ports
        assert {page: (reads, writes) for page, reads, writes in got.pages} == pages
        assert {each.reason: (each.exits, each.hypervisor, each.away) for each in got.cycles_by_exit} == cycles
        for each in got.cycles_by_exit:
            hypervisor, away = medians[each.reason]
            assert each.hypervisor_median == pytest.approx(hypervisor, rel=1 / 64, abs=1)
            assert each.away_median == pytest.approx(away, rel=1 / 64, abs=1)


@pytest.fixture
def kit(tmp_path: Path) -> SimpleNamespace:
    def write(*windows: bytes) -> Path:
        path = tmp_path / "trace.bin"
        path.write_bytes(b"".join(windows))
        return path

    return SimpleNamespace(record=record, window=window, write=write, slow=SlowCounter, alike=alike)
