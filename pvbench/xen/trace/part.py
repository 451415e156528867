"""A trace file → one domain's part of it: its own records verbatim, of all others only what keeps its arithmetic right.

What others did is none of a reader's business, and most of the file. That another vCPU ran is needed, for how long the
measured one was away; who it was is not: it becomes the idle one. Records that were lost, and the first and last time
stamp, are kept. `read` says the same of the domain as of the whole file.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pvbench.xen.trace.events import SVM_ONLY, WRAP_BUFFER, Kind
from pvbench.xen.trace.records import CHUNK, Flags, Ints, Reader, Records, Words
from pvbench.xen.trace.stretch import IDLE, Cpu

_TIMED = 1 << 31
_RUNSTATES = (Kind.RUNS, Kind.STOPS, Kind.WAITS)
_SAYS = (Kind.RUNS, Kind.SWITCH)
_BORDERS = (Kind.EXIT, Kind.SVM_EXIT, Kind.ENTRY, Kind.LOST)
_HVM = 0x8
"""The class of records (bits 16 up) that are about the vCPU that runs, whatever they say."""
_ENTRY, _SWITCH, _EXIT = 0x81001, 0x2800A, 0x81002


@dataclass
class _Survey:
    """What a first pass finds: who was on each CPU at first, and what a part of the file could not tell any more."""

    before: dict[int, int | None] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    runstates: bool = False
    attributed: bool = False
    svm: set[bool] = field(default_factory=set)
    """Whether codes that only SVM has are the domain's own (True) or another's."""


@dataclass
class _State:
    """Where one CPU is in the second pass: the domain's turn or not, how many borders since, whether it is known."""

    mine: bool
    borders: int = 0
    said: bool = False


def only(path: Path, domain: int, chunk: int = CHUNK) -> bytes:
    """Return the part of a trace that is about one domain, as a trace. Raises TraceError where `path` is none."""
    found = _survey(path, domain, chunk)
    cpus: dict[int, Cpu] = {}
    states: dict[int, _State] = {}
    parts: list[Words] = []
    windows: list[Ints] = []
    size, stamps = 0, {found.first, found.last} - {0}
    runstates = False
    reader = Reader(path, chunk)
    for _, records in reader:
        cut = _Cut(records)
        cut.keep(np.flatnonzero(records.kind == Kind.CPU_CHANGE))
        for number, which, one in _by_cpu(records):
            cpu = cpus.setdefault(number, Cpu(number))
            state = states.setdefault(number, _State(found.before.get(number) == domain))
            runstates |= _one_cpu(cut, which, one, cpu, state, domain)
        cut.mark(stamps)
        words, starts = cut.finish()
        parts.append(words)
        windows.append(starts + size)
        size += len(words)
    tail = _tail(found, runstates)
    out = np.concatenate((*parts, tail))
    opens = np.concatenate((*windows, np.empty(0, np.int64)))
    if not len(opens):
        return b""
    out[opens + 2] = 4 * (np.concatenate((opens[1:], [len(out)])) - opens - 3)
    out[opens[-1] + 2] += 4 * reader.truncated  # the window ends beyond the file, here as there
    return out.astype("<u4").tobytes()


def _survey(path: Path, domain: int, chunk: int) -> _Survey:
    found = _Survey()
    cpus: dict[int, Cpu] = {}
    unknown: dict[int, bool] = defaultdict(bool)
    for _, records in Reader(path, chunk):
        stamps = records.tsc[records.tsc > 0]
        if len(stamps):
            low, high = int(stamps.min()), int(stamps.max())
            found.first, found.last = min(found.first or low, low), max(found.last, high)
        found.runstates |= bool(np.isin(records.kind, _RUNSTATES).any())
        for number, _, one in _by_cpu(records):
            owner, _ = cpus.setdefault(number, Cpu(number)).owners(one)
            found.attributed |= cpus[number].owner >= 0
            code = one.word(0)
            svm = np.isin(one.kind, (Kind.EXIT, Kind.SVM_EXIT)) & (code >= SVM_ONLY.start) & (code < SVM_ONLY.stop)
            found.svm |= {bool(each) for each in np.unique(owner[svm & (owner >= 0)] >> 16 == domain)}
            unknown[number] |= bool(svm[owner < 0].any())
    found.before = {number: cpu.before for number, cpu in cpus.items()}
    found.svm |= {found.before[number] == domain for number, seen in unknown.items() if seen}
    return found


def _by_cpu(records: Records) -> Iterator[tuple[int, Ints, Records]]:
    """Yield (CPU, which records, these), the records that open windows left out."""
    there = records.kind != Kind.CPU_CHANGE
    for number in np.unique(records.cpu[there]).tolist():
        which = np.flatnonzero(there & (records.cpu == number))
        yield number, which, records.pick(which)


def _one_cpu(cut: "_Cut", which: Ints, one: Records, cpu: Cpu, state: _State, domain: int) -> bool:
    """Choose among the records of one CPU; return whether a runstate is among those that stay."""
    owner, switches = cpu.owners(one)
    mine: Flags = np.where(owner >= 0, owner >> 16 == domain, state.mine)
    kind, first = one.kind, one.word(0)
    says = np.isin(kind, _SAYS) | ((kind == Kind.LOST) & (one.length >= 2))
    turns = mine != np.concatenate(([state.mine], mine[:-1]))
    if not state.said and says.any():
        turns[np.argmax(says)] = True
        state.said = True

    stops = np.isin(kind, (Kind.STOPS, Kind.WAITS))
    scheduled = stops | np.isin(kind, _SAYS) | (kind == Kind.LOST)
    about = (kind != Kind.UNCOUNTED) | (one.event >> np.uint32(16) == _HVM)
    kept = (
        (mine & ~scheduled & about)
        | (stops & (first >> 16 == domain))
        | (np.isin(kind, _SAYS) & (mine | turns))
        | (kind == Kind.LOST)
    )
    cut.keep(which[kept])

    # Of the borders in others' time two decide whether a vCPU that stops there had waited (`Cpu.waits`).
    border = (np.isin(kind, _BORDERS) | switches) & ~mine
    passed = np.cumsum(border)
    began = np.maximum.accumulate(np.where(turns & ~mine, np.arange(len(mine)), -1))
    before = np.where(began > 0, passed[np.maximum(began - 1, 0)], np.where(began == 0, 0, -state.borders))
    since: Ints = passed - before
    cut.reduce(which[border & (since == 2) & ~kept], _ENTRY)
    if len(mine):
        state.mine = bool(mine[-1])
        state.borders = 0 if mine[-1] else int(since[-1])

    cut.idle(which[kept & (kind == Kind.RUNS) & ~mine], 0, IDLE << 16)
    switch = kept & (kind == Kind.SWITCH)
    for place, whose in ((0, first), (2, one.word(2))):
        others = which[switch & (whose != domain) & (one.length > place + 1)]
        cut.write(others, place, IDLE)
        cut.write(others, place + 1, 0)
    lost = (kind == Kind.LOST) & (one.length >= 2)
    cut.write(which[lost & (one.word(1) & 0xFFFF != domain)], 1, IDLE)
    return bool(np.isin(kind[kept], _RUNSTATES).any())


class _Cut:
    """A chunk's records with what is to become of each: left out, kept, or only its header and time stamp."""

    def __init__(self, records: Records) -> None:
        self._records = records
        ends = records.data + records.length
        self._at = np.concatenate((np.zeros(1, np.int64), ends[:-1])) if len(ends) else ends
        self._head = records.data - self._at
        self._total = np.zeros(len(records), np.int64)
        self._words = records.words.copy()

    def keep(self, which: Ints) -> None:
        """Keep records whole."""
        self._total[which] = self._head[which] + self._records.length[which]

    def reduce(self, which: Ints, event: int) -> None:
        """Keep the time stamps of records, which become an event without data."""
        self._total[which] = self._head[which]
        self._words[self._at[which]] = np.where(self._head[which] > 1, event | _TIMED, event)

    def write(self, which: Ints, place: int, word: int) -> None:
        """Overwrite a data word of records."""
        self._words[self._records.data[which] + place] = word

    def idle(self, which: Ints, place: int, word: int) -> None:
        """Overwrite a data word of records that have it, and every other with 0."""
        for index in range(7):
            some = which[self._records.length[which] > index]
            self.write(some, index, word if index == place else 0)

    def mark(self, stamps: set[int]) -> None:
        """Keep the time stamps that are asked for, once; those that are kept already, or now, are taken off."""
        for stamp in tuple(stamps):
            found = np.flatnonzero(self._records.tsc == stamp)
            if not len(found):
                continue
            if not self._total[found].any():
                self.reduce(found[:1], WRAP_BUFFER)
            stamps.remove(stamp)

    def finish(self) -> tuple[Words, Ints]:
        """Return the words that are left, and where in them windows open."""
        starts = np.cumsum(self._total) - self._total
        gather = np.repeat(self._at - starts, self._total) + np.arange(int(self._total.sum()))
        return self._words[gather], starts[self._records.kind == Kind.CPU_CHANGE]


def _tail(survey: _Survey, runstates: bool) -> npt.NDArray[np.uint32]:
    """Return records of the idle vCPU that tell what no record that was kept tells: of runstates, and whose exits."""
    words: list[int] = []
    if survey.runstates and not runstates:
        words += [0x21021 | 1 << 28, IDLE << 16]
    if survey.svm == {False} and survey.attributed:  # else the idle vCPU would be the only one that is known
        words += [_SWITCH | 4 << 28, IDLE, 0, IDLE, 0, _EXIT | 1 << 28, SVM_ONLY.start]
    return np.array(words, np.uint32)
