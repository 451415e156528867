"""A qcow2 file as its header tells it: the disk's size, its first sectors, and why it is not to be used.

By QEMU's docs/interop/qcow2.txt; limits by block/qcow2.c, which refuses to open what is beyond them.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pvbench import qcow2_extensions as extensions
from pvbench import qcow2_tables as tables
from pvbench.errors import ImageError
from pvbench.printable import clean
from pvbench.qcow2_tables import Reader, bytes_at

MAGIC = b"QFI\xfb"
SECTOR = 512
_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
_V3 = struct.Struct(">QQQII")
_DIRTY, _CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED_L2 = (1 << bit for bit in range(5))
_KNOWN = _DIRTY | _CORRUPT | _DATA_FILE | _COMPRESSION | _EXTENDED_L2
_RAW_DATA = 2
_COMPRESSED = 1 << 62
_LONGEST_NAME = 1023
_LARGEST_L1 = 32 << 20
_MOST_SNAPSHOTS = 65536
_LEAST_HEADER = _PACKING_AT = 104


@dataclass(frozen=True)
class Header:
    """A header, with lengths and places in bytes; a cluster has 2^`bits` of them, a reference count 2^`order` bits.

    `packing` is how clusters are compressed: 0 by zlib, 1 by Zstandard.
    """

    version: int
    backing_at: int
    backing_size: int
    bits: int
    size: int
    crypt: int
    l1_size: int
    l1_at: int
    counts_at: int
    count_clusters: int
    snapshots: int
    snapshots_at: int
    features: int
    autoclear: int
    order: int
    length: int
    packing: int

    @property
    def extended(self) -> bool:
        """Whether an entry has a second half, for parts of a cluster."""
        return bool(self.features & _EXTENDED_L2)


def read(path: Path, file: Reader, length: int, first_bytes: int, exists: Callable[[Path], bool]) -> tuple[int, bytes]:
    """Return the size of a qcow2's disk and its first bytes; raise ImageError for one that is not whole.

    `exists` says what else is there.
    """
    header = _header(path, bytes_at(file, 0, 112))
    _refuse_features(path, header)
    if header.backing_at and header.backing_size:
        _refuse_backing(
            path, bytes_at(file, min(header.backing_at, length), min(header.backing_size, _LONGEST_NAME)), exists
        )
    if wrong := _wrong(header):
        raise corrupt(path, wrong)
    for what, end in _ends(header).items():
        if end > length:
            raise _cut_short(path, f"{what} would end", end, length)
    places = tables.Places(
        bits=header.bits,
        l1_at=header.l1_at,
        l1_size=header.l1_size,
        counts_at=header.counts_at,
        count_clusters=header.count_clusters,
        order=header.order,
        extended=header.extended,
        counted=not header.features & _DIRTY,
    )
    found = (
        extensions.fault(file, length, header.length, 1 << header.bits)
        or extensions.snapshots_fault(file, length, header.snapshots_at, header.snapshots, 1 << header.bits)
        or tables.fault(file, length, places)
    )
    if isinstance(found, tables.Beyond):
        raise _cut_short(path, f"{found.what} would lie", found.at, length)
    if found:
        raise corrupt(path, found.what)
    return header.size, b"".join(_first(path, file, header, first_bytes))


def corrupt(path: Path, why: str) -> ImageError:
    """Return that a file is damaged, and what is to be done about that."""
    return ImageError(
        f"{path}: a corrupt qcow2: {why}", hint=f"get the image anew, or see `qemu-img check -r all {path.name}`"
    )


def _cut_short(path: Path, what: str, at: int, length: int) -> ImageError:
    return ImageError(
        f"{path}: a qcow2 that is cut short: {what} at byte {at:,} of {length:,}", hint="get the image anew"
    )


def _header(path: Path, head: bytes) -> Header:
    if len(head) < 112:
        raise ImageError(f"{path}: a qcow2 that is cut short in its header", hint="get the image anew")
    _, version, *fields = _HEADER.unpack_from(head)
    if version not in (2, 3):
        raise ImageError(
            f"{path}: a qcow of version {version}; 2 and 3 are known",
            hint=f"qemu-img convert -O qcow2 {path.name} {path.stem}.qcow2, if it is whole",
        )
    of_v2 = (0, 0, 0, 4, _HEADER.size)
    features, _, autoclear, order, length = of_v2 if version == 2 else _V3.unpack(head[_HEADER.size :][: _V3.size])
    packing = head[_PACKING_AT] if version == 3 and length > _PACKING_AT else 0
    return Header(version, *(*fields, features, autoclear, order, length, packing))


def _refuse_features(path: Path, header: Header) -> None:
    convert = f"make one plain file of it: qemu-img convert -O qcow2 {path.name} plain-{path.name}"
    refusals = {
        header.crypt: ("is encrypted", "decrypt it: qemu-img convert; see qemu-img(1)"),
        header.features & _DATA_FILE: ("keeps its data in another file (an external data file)", convert),
        header.features & _CORRUPT: ("is marked corrupt", f"get the image anew, or qemu-img check -r all {path.name}"),
        header.features & ~_KNOWN: ("has features that are newer than this pvbench", convert),
    }
    for there, (what, mend) in refusals.items():
        if there:
            raise ImageError(f"{path}: a qcow2 that {what}", hint=mend)


def _refuse_backing(path: Path, name: bytes, exists: Callable[[Path], bool]) -> None:
    """Raise ImageError for an overlay: what it stands on may change, and would have to be there on each host."""
    below = name.decode(errors="replace")
    try:
        there = "" if exists(path.parent / below) else ", which is not there"
    except (OSError, ValueError):
        there = ", which cannot be there"
    raise ImageError(
        f"{path} is an overlay: it stands on {clean(below)}{there}",
        hint="make one file of the chain: qemu-img convert -O qcow2 (an overlay of it is thrown away after each boot)",
    )


def _wrong(header: Header) -> str | None:
    """Return why no file has such a header, None where one may."""
    if not 9 <= header.bits <= 21:
        return f"clusters of 2^{header.bits} bytes"
    cluster = 1 << header.bits
    needed = -(-header.size // (1 << (2 * header.bits - 3 - header.extended)))
    wrongs = {
        "a disk of no size": not header.size,
        f"a disk of {header.size:,} bytes, no whole number of sectors": header.size % SECTOR != 0,
        f"{header.l1_size} entries of clusters for a disk of {header.size:,} bytes": header.l1_size < needed
        or 8 * header.l1_size > _LARGEST_L1,
        f"reference counts of 2^{header.order} bits": header.order > 6,
        f"a header of {header.length} bytes": header.version == 3 and not _LEAST_HEADER <= header.length <= cluster,
        f"clusters packed by a way {header.packing}": header.packing != bool(header.features & _COMPRESSION),
        f"{header.snapshots:,} snapshots": header.snapshots > _MOST_SNAPSHOTS,
        "the name of a backing file behind the first cluster": header.backing_at > cluster,
        "data kept raw in no other file": bool(header.autoclear & _RAW_DATA),
        "no reference counts": not header.counts_at or not header.count_clusters,
        "no table of clusters": not header.l1_at,
        "tables that begin within a cluster": any(
            at % cluster for at in (header.l1_at, header.counts_at, header.snapshots_at)
        ),
    }
    return next((why for why, its in wrongs.items() if its), None)


def _ends(header: Header) -> dict[str, int]:
    return {
        "its table of clusters": header.l1_at + 8 * header.l1_size,
        "its reference counts": header.counts_at + (header.count_clusters << header.bits),
        "its table of snapshots": header.snapshots_at + 40 * header.snapshots if header.snapshots else 0,
    }


def _first(path: Path, file: Reader, header: Header, first_bytes: int) -> Iterator[bytes]:
    """Yield the first bytes of a qcow2's disk, those that were never written as zeros."""
    l2_at = struct.unpack(">Q", bytes_at(file, header.l1_at, 8))[0] & tables.OFFSET
    entry = struct.unpack(">Q", bytes_at(file, l2_at, 8))[0] if l2_at else 0
    at = entry & tables.OFFSET
    if entry & _COMPRESSED:
        yield _unpacked(path, file, entry, header, first_bytes)
    elif not at or entry & 1:
        yield bytes(first_bytes)
    else:
        yield bytes_at(file, at, min(1 << header.bits, first_bytes)).ljust(SECTOR, b"\0")


def _unpacked(path: Path, file: Reader, entry: int, header: Header, first_bytes: int) -> bytes:
    """Return the beginning of a compressed cluster. Raises ImageError for one that does not unpack."""
    shift = 62 - (header.bits - 8)
    at = entry & ((1 << shift) - 1)
    sectors = ((entry >> shift) & ((1 << (header.bits - 8)) - 1)) + 1
    packed = bytes_at(file, at, sectors * SECTOR - at % SECTOR)
    size = min(first_bytes, 1 << header.bits)
    try:
        if header.features & _COMPRESSION:
            return _of_zstandard(packed, size)
        return zlib.decompressobj(-12 if header.bits <= 12 else -15).decompress(packed, size)
    except (zlib.error, OSError) as error:
        raise corrupt(path, f"its first cluster does not unpack: {clean(str(error))}") from None


def _of_zstandard(packed: bytes, size: int) -> bytes:
    import pyarrow

    with pyarrow.CompressedInputStream(pyarrow.BufferReader(packed), "zstd") as stream:
        return bytes(stream.read(size))
