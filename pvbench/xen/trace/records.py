"""A trace file → its records, as arrays, a few MB at a time.

A record (struct t_rec, xen/include/public/trace.h) is a 32-bit header (event: 28 bits, number of data words: 3, whether
a time stamp follows: 1), a 64-bit TSC if it says so, and the data words; all little endian. xentrace writes windows: a
CPU_CHANGE record (CPU, bytes) and so many bytes of whole records of that CPU.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pvbench.errors import TraceError
from pvbench.xen.trace.events import CPU_CHANGE, EVENTS, Kind

CHUNK = 4 << 20
WORD = 4
LONGEST = (1 + 2 + 7) * WORD
DOUBLINGS = 4
"""The chain of records is walked 2**DOUBLINGS at a time."""
OPENING = CPU_CHANGE | 2 << 28
"""The first word of any file of xentrace."""
MOST_CPUS = 1 << 16
"""More than Xen can be built for (NR_CPUS)."""

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Records:
    """Records in the order of the file. `tsc` is 0 where there is none; `data` points at the first data word."""

    kind: npt.NDArray[np.uint8]
    event: Words
    cpu: Ints
    tsc: Ints
    data: Ints
    length: Ints
    words: Words

    def __len__(self) -> int:
        return len(self.kind)

    def pick(self, which: Flags | Ints) -> "Records":
        """Return some of the records."""
        return Records(
            kind=self.kind[which],
            event=self.event[which],
            cpu=self.cpu[which],
            tsc=self.tsc[which],
            data=self.data[which],
            length=self.length[which],
            words=self.words,
        )

    def word(self, index: int) -> Ints:
        """Return each record's data word at an index, 0 where it has fewer."""
        at = np.where(self.length > index, self.data + index, 0)
        return np.where(self.length > index, self.words[at], 0).astype(np.int64)


class Reader:
    """Reads a file once. Afterwards `records`, `cpus` and `truncated` say what was there."""

    def __init__(self, path: Path, chunk: int = CHUNK, name: str | None = None) -> None:
        self.path, self._name, self.chunk = path, name or str(path), max(chunk // WORD * WORD, LONGEST)
        self.records, self.truncated = 0, False
        self.cpus: set[int] = set()
        self._cpu, self._window_end = -1, 0
        try:
            self.size = path.stat().st_size
            with path.open("rb") as file:
                self._head = file.read(WORD)
        except OSError as error:
            raise TraceError(f"{self._name} cannot be read: {error.strerror}") from None

    def __iter__(self) -> Iterator[tuple[int, Records]]:
        """Yield (bytes read so far, the records in them). Raises TraceError, with the offset, at what is no trace."""
        if self.size == 0:
            raise TraceError(f"{self._name} is empty", hint="xentrace writes a trace only once it ends: wait for it")
        offset = 0
        while self.size - offset >= WORD:
            words = self._words(offset, min(self.chunk, self.size - offset))
            if not len(words):  # the file has shrunk
                break
            records, used = self._decode(words, offset)
            if not used:
                break
            self.records += len(records)
            offset += used * WORD
            yield offset, records
        self.truncated = offset < self.size or self._window_end > self.size
        if not self.records:
            # Cut before the first record ends: right as far as it goes, but nothing that could be counted.
            self._opening(offset)

    def _words(self, offset: int, size: int) -> Words:
        try:
            # Not np.memmap: pages of the file that were read would stay in this process's resident memory.
            return np.fromfile(self.path, np.dtype("<u4"), size // WORD, offset=offset)
        except OSError as error:
            raise TraceError(f"{self._name} cannot be read: {error.strerror}") from None

    def _opening(self, offset: int) -> None:
        if not OPENING.to_bytes(WORD, "little").startswith(self._head):
            raise self._wrong(offset, "not a file of xentrace: it does not begin with a CPU_CHANGE record")

    def _decode(self, words: Words, offset: int) -> tuple[Records, int]:
        if offset == 0 and int(words[0]) != OPENING:
            self._opening(0)
        at, used = boundaries(words)
        if not len(at) and kinds(words[:1] & np.uint32(0x0FFFFFFF))[0] == Kind.IMPLAUSIBLE:
            raise self._wrong(offset, f"Xen has no record that begins with {int(words[0]):#010x}")
        header = words[at]
        event = header & np.uint32(0x0FFFFFFF)
        timed = header >> np.uint32(31) != 0
        data = at + np.where(timed, 3, 1)
        length = (header >> np.uint32(28) & np.uint32(7)).astype(np.int64)
        kind = kinds(event)
        changes = np.flatnonzero(kind == Kind.CPU_CHANGE)
        well_formed = changes[header[changes] == OPENING]
        kind[changes[header[changes] != OPENING]] = Kind.IMPLAUSIBLE
        kind[well_formed[words[data[well_formed]] >= MOST_CPUS]] = Kind.IMPLAUSIBLE
        cpu = self._cpus(words, at, kind, data, used, offset)
        tsc = _tsc(words, at, timed)
        return Records(kind=kind, event=event, cpu=cpu, tsc=tsc, data=data, length=length, words=words), used

    def _cpus(self, words: Words, at: Ints, kind: npt.NDArray[np.uint8], data: Ints, used: int, offset: int) -> Ints:
        """Return the CPU of each record, and check that windows and records agree."""
        opens = np.flatnonzero(kind == Kind.CPU_CHANGE)
        bad = np.flatnonzero(kind == Kind.IMPLAUSIBLE)
        start = at[opens] * WORD + offset
        ends = start + (data[opens] - at[opens]) * WORD + 2 * WORD + words[data[opens] + 1]
        expected = np.concatenate(([self._window_end], ends))
        wrong = np.flatnonzero(start != expected[:-1])
        first_bad = int(at[bad[0]]) * WORD + offset if len(bad) else self.size
        first_wrong = min(int(start[wrong[0]]), int(expected[wrong[0]])) if len(wrong) else self.size
        # The records of a window must end where it does: a CPU_CHANGE record is due there.
        last_end = int(expected[-1])
        end = offset + used * WORD
        if not len(wrong) and last_end < end:
            first_wrong = last_end
        if first_bad < self.size and first_bad <= first_wrong:
            raise self._wrong(first_bad, f"Xen has no record that begins with {int(words[at[bad[0]]]):#010x}")
        if first_wrong < self.size:
            raise self._wrong(first_wrong, "the records do not end where their window does")
        numbers = np.concatenate(([self._cpu], words[data[opens]].astype(np.int64)))
        self.cpus.update(int(each) for each in np.unique(numbers) if each >= 0)
        self._cpu, self._window_end = int(numbers[-1]), last_end
        cpu: Ints = numbers[np.cumsum(kind == Kind.CPU_CHANGE)]
        return cpu

    def _wrong(self, offset: int, what: str) -> TraceError:
        return TraceError(
            f"{self._name}: byte {offset:,}: {what}",
            hint="a trace is what `xentrace -D -e MASK -T SECONDS FILE` wrote, copied as it is",
        )


def boundaries(words: Words) -> tuple[Ints, int]:
    """Return where the whole records of a chunk that begins with one start, and how many words they take.

    How long a record would be is computed for every word, as if each were a header, and added up along the chain: only
    every sixteenth record is walked to one after another.
    """
    count = len(words)
    length = np.zeros(count + 1, np.uint8)
    length[:-1] = 1 + (words >> np.uint32(28) & np.uint32(7)) + (words >> np.uint32(30) & np.uint32(2))
    spans, here = [length], np.arange(count + 1)
    for _ in range(DOUBLINGS):
        spans.append(spans[-1] + np.take(spans[-1], here + spans[-1], mode="clip"))
    found = _walk(spans.pop().tobytes(), count)
    for span in reversed(spans):
        found = np.column_stack((found, found + np.take(span, found, mode="clip"))).ravel()
    at: Ints = found[found < count]
    if len(at) and at[-1] + length[at[-1]] > count:
        return at[:-1], int(at[-1])
    return at, count


def _walk(spans: bytes, count: int) -> Ints:
    found, here = [], 0
    while here < count:
        found.append(here)
        here += spans[here]
    return np.array(found, np.int64)


def kinds(event: Words) -> npt.NDArray[np.uint8]:
    """Return the Kind of each event number."""
    row = _CLASSES[event >> np.uint32(12)].astype(np.int32)
    kind: npt.NDArray[np.uint8] = _KINDS[row << 12 | (event & np.uint32(0xFFF)).astype(np.int32)]
    return kind


def _tsc(words: Words, at: Ints, timed: Flags) -> Ints:
    low = np.where(timed, at + 1, at)
    stamp = words[low].astype(np.int64) | words[np.minimum(low + 1, len(words) - 1)].astype(np.int64) << 32
    return np.where(timed, stamp, 0)


def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Two steps from an event to its kind: subclass (bits 12-27) → a small number, that and bits 0-11 → the kind.

    A plausible event is of exactly one class (one of bits 16-27) and of some subclass (bits 12-15).
    """
    classes, rows = np.zeros(1 << 16, np.uint8), [np.full(1 << 12, Kind.IMPLAUSIBLE, np.uint8)]
    rows.append(np.full(1 << 12, Kind.UNCOUNTED, np.uint8))
    for bit in range(4, 16):
        classes[(1 << bit) + 1 : (1 << bit) + 16] = 1
    for event, kind in EVENTS.items():
        if classes[event >> 12] == 1:
            classes[event >> 12] = len(rows)
            rows.append(rows[1].copy())
        rows[classes[event >> 12]][event & 0xFFF] = kind
    return classes, np.concatenate(rows)


_CLASSES, _KINDS = _tables()
