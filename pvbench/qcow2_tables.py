"""The tables of a qcow2 file: whether every cluster lies in the file, in one place alone, and is counted as in use.

By QEMU's docs/interop/qcow2.txt ("Cluster mapping", "Host cluster management"). Tables are read, and no data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

OFFSET = 0x00FF_FFFF_FFFF_FE00
_COUNTS_AT = 0xFFFF_FFFF_FFFF_FE00
_COMPRESSED = 1 << 62
_FARTHEST = (1 << 63) - (1 << 32)
_PIECE = 4 << 20
_MOST_READ = 1 << 30
"""Bytes of tables that are looked at: those of a disk of 8 TiB."""


class Reader(Protocol):
    """An open image: a file here, or one that lies on a host."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a byte, from the end where `whence` is 2; return which one that is."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer at the end."""
        ...


def bytes_at(file: Reader, offset: int, size: int) -> bytes:
    """Return bytes of a file from one on, as many as there are; read in pieces, as a host gives them."""
    if offset > _FARTHEST:  # no file has such a byte, and no system call takes it
        return b""
    file.seek(offset)
    pieces = []
    while size > 0 and (piece := file.read(min(size, _PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


@dataclass(frozen=True)
class Places:
    """Where a file's tables are, as its header says; `counted` says whether its reference counts are up to date."""

    bits: int
    l1_at: int
    l1_size: int
    counts_at: int
    count_clusters: int
    order: int
    extended: bool
    counted: bool


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file's tables, in words."""

    what: str


@dataclass(frozen=True)
class Beyond(Fault):
    """Something that would lie at a byte behind the file's end."""

    at: int


def fault(file: Reader, length: int, places: Places) -> Fault | None:
    """Return the first thing that is wrong with a file's tables, None where they are whole."""
    import numpy as np

    cluster = 1 << places.bits
    l2 = _numbers(file, places.l1_at, places.l1_size) & np.uint64(OFFSET)
    l2 = l2[l2 != 0]
    blocks = _numbers(file, places.counts_at, places.count_clusters * cluster // 8) & np.uint64(_COUNTS_AT)
    for what, offsets in (("a table of clusters", l2), ("a block of reference counts", blocks[blocks != 0])):
        if wrong := _misplaced(what, offsets, length, cluster, whole=True):
            return wrong
    if len(np.unique(l2)) < len(l2):
        return Fault("two tables of clusters in one place")
    data = [np.zeros(0, np.uint64)]
    for entries in _entries(file, l2, places):
        offsets = entries[(entries & np.uint64(_COMPRESSED)) == 0] & np.uint64(OFFSET)
        packed = entries[(entries & np.uint64(_COMPRESSED)) != 0] & np.uint64((1 << (62 - (places.bits - 8))) - 1)
        offsets = offsets[offsets != 0]
        if wrong := _misplaced("a cluster", offsets, length, cluster, whole=False):
            return wrong
        if len(packed) and int(packed.max()) >= length:
            return Beyond("a packed cluster", int(packed.max()))
        data.append(offsets)
    used = np.concatenate([*data, l2, blocks[blocks != 0], _tables(places)]) >> np.uint64(places.bits)
    seen, times = np.unique(used, return_counts=True)
    if (times > 1).any():
        return Fault(f"two of its parts would lie at byte {int(seen[times > 1][0]) << places.bits:,}")
    return _uncounted(file, seen, blocks, places) if places.counted else None


def _numbers(file: Reader, begins: int, count: int) -> "Numbers":
    import numpy as np

    data = bytes_at(file, begins, 8 * count)
    return np.frombuffer(data[: len(data) // 8 * 8], ">u8").astype(np.uint64)


def _misplaced(what: str, offsets: "Numbers", length: int, cluster: int, *, whole: bool) -> Fault | None:
    if not len(offsets):
        return None
    last = int(offsets.max())
    if last + (cluster if whole else 1) > length:
        return Beyond(what, last)
    unaligned = offsets[offsets % cluster != 0]
    return Fault(f"{what} at byte {int(unaligned[0]):,}, within another") if len(unaligned) else None


def _entries(file: Reader, l2: "Numbers", places: Places) -> "Iterator[Numbers]":
    """Yield the entries of table after table; of those with two halves the first."""
    for begins in l2[: _MOST_READ >> places.bits]:
        entries = _numbers(file, int(begins), (1 << places.bits) // 8)
        yield entries[::2] if places.extended else entries


def _tables(places: Places) -> "Numbers":
    """Return the clusters of the header and of the tables that it names."""
    import numpy as np

    cluster = 1 << places.bits
    l1_end = places.l1_at + 8 * places.l1_size
    counts_end = places.counts_at + places.count_clusters * cluster
    return np.array(
        [0, *range(places.l1_at, l1_end, cluster), *range(places.counts_at, counts_end, cluster)], np.uint64
    )


def _uncounted(file: Reader, used: "Numbers", blocks: "Numbers", places: Places) -> Fault | None:
    """Return that clusters in use are counted as free: whoever writes to the file would write over them."""
    import numpy as np

    each = (8 << places.bits) >> places.order
    number = used // np.uint64(each)
    for block in np.unique(number):
        mine = used[number == block] % np.uint64(each)
        begins = int(blocks[int(block)]) if int(block) < len(blocks) else 0
        counts = _counts(file, begins, places) if begins else np.zeros(each, np.uint64)
        if (counts[mine] == 0).any():
            free = int(mine[counts[mine] == 0][0]) + int(block) * each
            return Fault(f"what lies at byte {free << places.bits:,} is in use and counted as free")
    return None


def _counts(file: Reader, begins: int, places: Places) -> "Numbers":
    import numpy as np

    data = bytes_at(file, begins, 1 << places.bits)
    if places.order >= 3:
        return np.frombuffer(data, f">u{1 << (places.order - 3)}").astype(np.uint64)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.asarray(bits.reshape(-1, 1 << places.order).any(axis=1), np.uint64)
