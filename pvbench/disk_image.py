"""A disk image as its first bytes tell it: format, size, what it stands on, and whether a BIOS could boot it.

qcow2 by QEMU's docs/interop/qcow2.txt. Nothing but the file is read, wherever it lies: to say no it takes no program of
QEMU's.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pvbench.errors import ImageError
from pvbench.partitions import FIRST_SECTORS, system_of
from pvbench.printable import clean

SECTOR = 512
_FIRST = FIRST_SECTORS * SECTOR
_QCOW2 = b"QFI\xfb"
_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
_DIRTY, _CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED_L2 = range(5)
_KNOWN = (1 << _DIRTY) | (1 << _CORRUPT) | (1 << _DATA_FILE) | (1 << _COMPRESSION) | (1 << _EXTENDED_L2)
_OFFSET, _COMPRESSED = 0x00FF_FFFF_FFFF_FE00, 1 << 62
_LONGEST_NAME = 1023
_FARTHEST = (1 << 63) - (1 << 32)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
"""It is a folder's entry on hosts, and a word in tables."""
_SIGNATURE = slice(0x1B8, 0x1BC)
"""Where a boot sector holds its disk's own 32 bits: of fdisk, and of every tool since Windows NT."""

_OTHERS = (
    (0, b"KDMV", "VMDK"),
    (0, b"COWD", "VMDK"),
    (0, b"# Disk DescriptorFile", "VMDK"),
    (0, b"vhdxfile", "VHDX"),
    (0, b"conectix", "VHD"),
    (0, b"QED\0", "QED"),
    (0x40, b"\x7f\x10\xda\xbe", "VDI"),
)
_PACKED = (
    (b"\x1f\x8b", "gzip", "gunzip"),
    (b"\xfd7zXZ\0", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard", "unzstd"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"PK\3\4", "ZIP", "unzip"),
)


class Reader(Protocol):
    """An open image: a file here, or one that lies on a host."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a byte, from the end where `whence` is 2; return which one that is."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer at the end."""
        ...


@dataclass(frozen=True)
class DiskImage:
    """A disk image that QEMU can open and a BIOS may boot: its format, "qcow2" or "raw", and its disk's size in bytes.

    `signature` is the disk's own in its boot sector, 4 bytes by which a BIOS tells it from others.
    """

    path: Path
    format: str
    size_bytes: int
    signature: bytes


def check_name(path: Path) -> None:
    """Raise ImageError for a file whose name hosts and tables could not take."""
    if not _NAME.fullmatch(path.name):
        raise ImageError(
            f"{clean(path.name)!r} cannot be the name of a guest's image",
            hint="rename the file: letters, digits and . _ + - alone, at most 100",
        )


def read(path: Path) -> DiskImage:
    """Return what an image is. Raises ImageError, one line, for a file that no guest can be booted from."""
    check_name(path)
    try:
        with path.open("rb") as file:
            return read_open(path, file, Path.exists)
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder, not a disk image") from None
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}", hint="`image` is the path of a qcow2 or raw disk image") from None


def read_open(path: Path, file: Reader, exists: Callable[[Path], bool]) -> DiskImage:
    """Return what an open image is that lies at `path`; `exists` says what else is there. Raises ImageError."""
    length = file.seek(0, 2)
    head = _at(file, 0, 0x9000)
    if not head:
        raise ImageError(f"{path} is empty")
    if head.startswith(_QCOW2):
        size, first = _qcow2(path, file, length, exists)
        form = "qcow2"
    else:
        _refuse_others(path, head, _at(file, max(0, length - SECTOR), SECTOR))
        form, size, first = "raw", length, head[:_FIRST]
        if length % SECTOR:
            raise ImageError(
                f"{path}: {length:,} bytes are no whole number of {SECTOR}-byte sectors: no raw disk, or one cut short"
            )
    _refuse_unbootable(path, size, first)
    return DiskImage(path, form, size, first[_SIGNATURE])


def _at(file: Reader, offset: int, size: int) -> bytes:
    if offset > _FARTHEST:  # no file has such a byte, and no system call takes it
        return b""
    file.seek(offset)
    return file.read(size)


def _refuse_others(path: Path, head: bytes, end: bytes) -> None:
    """Raise ImageError for a format that is neither qcow2 nor a disk as it is."""
    formats = [name for at, magic, name in _OTHERS if head[at : at + len(magic)] == magic]
    if end.startswith(b"conectix"):
        formats.append("VHD")
    if formats:
        raise ImageError(
            f"{path} is a {formats[0]} image; qcow2 and raw ones can be booted",
            hint=f"qemu-img convert -O qcow2 {path.name} {path.stem}.qcow2",
        )
    for magic, name, tool in _PACKED:
        if head.startswith(magic):
            raise ImageError(f"{path} is packed by {name}", hint=f"unpack it first: {tool} {path.name}")
    if head[0x8001:0x8006] == b"CD001":
        raise ImageError(
            f"{path} is a CD image", hint="an installed disk is needed, such as a distribution's cloud image"
        )


def _qcow2(path: Path, file: Reader, length: int, exists: Callable[[Path], bool]) -> tuple[int, bytes]:
    """Return the size of a qcow2's disk and its first sectors; raise ImageError for one that is not whole."""
    head = _at(file, 0, 112)
    if len(head) < _HEADER.size:
        raise ImageError(f"{path}: a qcow2 that is cut short in its header")
    _, version, backing_at, backing_size, bits, size, crypt, l1_size, l1_at, refcounts_at, clusters, _, _ = (
        _HEADER.unpack_from(head)
    )
    if version not in (2, 3):
        raise ImageError(f"{path}: a qcow of version {version}; 2 and 3 are known")
    features = struct.unpack_from(">Q", head, 72)[0] if version == 3 and len(head) >= 80 else 0
    _refuse_features(path, features, crypt)
    if backing_at:
        name = _at(file, backing_at, min(backing_size, _LONGEST_NAME)).decode(errors="replace")
        _refuse_backing(path, name, exists)
    if not 9 <= bits <= 21:
        raise ImageError(f"{path}: a corrupt qcow2: clusters of 2^{bits} bytes")
    needed = -(-size // (1 << (2 * bits - 3 - (1 if features & (1 << _EXTENDED_L2) else 0))))
    ends = {"its table of clusters": l1_at + 8 * l1_size, "its reference counts": refcounts_at + (clusters << bits)}
    for what, end in ends.items():
        if end > length:
            raise ImageError(f"{path}: a qcow2 that is cut short: {what} would end at byte {end:,} of {length:,}")
    if l1_size < needed or not size or size % SECTOR:
        raise ImageError(f"{path}: a corrupt qcow2: {l1_size} entries of clusters for a disk of {size:,} bytes")
    return size, b"".join(_first_sectors(path, file, length, bits, l1_at, features))


def _refuse_features(path: Path, features: int, crypt: int) -> None:
    refusals = {
        crypt: ("is encrypted", "decrypt it: qemu-img convert"),
        features & (1 << _DATA_FILE): ("keeps its data in another file (an external data file)", "qemu-img convert"),
        features & (1 << _CORRUPT): ("is marked corrupt", "qemu-img check -r all"),
        features & ~_KNOWN: ("has features that are newer than this pvbench", "qemu-img convert"),
    }
    for there, (what, mend) in refusals.items():
        if there:
            raise ImageError(f"{path}: a qcow2 that {what}", hint=f"{mend}; see qemu-img(1)")


def _refuse_backing(path: Path, name: str, exists: Callable[[Path], bool]) -> None:
    """Raise ImageError for an overlay: what it stands on may change, and would have to be there on each host."""
    there = "" if exists(path.parent / name) else ", which is not there"
    raise ImageError(
        f"{path} is an overlay: it stands on {name}{there}",
        hint="make one file of the chain: qemu-img convert -O qcow2 (an overlay of it is thrown away after each boot)",
    )


def _first_sectors(path: Path, file: Reader, length: int, bits: int, l1_at: int, features: int) -> Iterator[bytes]:
    """Yield the first sectors of a qcow2's disk, those that were never written as zeros."""
    cluster = 1 << bits
    empty = bytes(_FIRST)
    l2_at = struct.unpack(">Q", _at(file, l1_at, 8))[0] & _OFFSET
    if not l2_at:
        yield empty
        return
    raw = _at(file, l2_at, 8)
    if len(raw) < 8:
        raise ImageError(
            f"{path}: a qcow2 that is cut short: its first table would lie at byte {l2_at:,} of {length:,}"
        )
    entry = struct.unpack(">Q", raw)[0]
    if entry & _COMPRESSED:
        yield _unpacked(path, file, entry, bits, features)
        return
    at = entry & _OFFSET
    if not at or entry & 1:
        yield empty
        return
    found = _at(file, at, min(cluster, _FIRST))
    if len(found) < SECTOR:
        raise ImageError(f"{path}: a qcow2 that is cut short: its first cluster would lie at byte {at:,} of {length:,}")
    yield found


def _unpacked(path: Path, file: Reader, entry: int, bits: int, features: int) -> bytes:
    """Return the beginning of a compressed cluster. Raises ImageError for Zstandard, which Python 3.11 cannot read."""
    if features & (1 << _COMPRESSION):
        raise ImageError(
            f"{path}: a qcow2 whose clusters are packed by Zstandard", hint="unpack it: qemu-img convert -O qcow2"
        )
    shift = 62 - (bits - 8)
    at = entry & ((1 << shift) - 1)
    sectors = ((entry >> shift) & ((1 << (bits - 8)) - 1)) + 1
    packed = _at(file, at, sectors * SECTOR - at % SECTOR)
    try:
        return zlib.decompressobj(-12 if bits <= 12 else -15).decompress(packed, _FIRST)
    except zlib.error as error:
        raise ImageError(f"{path}: a corrupt qcow2: its first cluster does not unpack: {error}") from None


def _refuse_unbootable(path: Path, size: int, first: bytes) -> None:
    """Raise ImageError where the first sectors say that a BIOS finds nothing to boot."""
    if size < 1 << 20:
        raise ImageError(f"{path}: a disk of {size:,} bytes is too small to boot a guest from")
    mend = "an image that boots by BIOS is needed; nothing here boots by EFI"
    if not any(first[:SECTOR]):
        raise ImageError(f"{path}: the disk begins with nothing: it is empty, or no disk that boots", hint=mend)
    if (system := system_of(first)) is not None:
        raise ImageError(
            f"{path}: a disk of {system}; only Linux guests can be measured in",
            hint=f"{system} would need a program of its own that runs the tools and looks at its PV devices",
        )
    if first[510:512] != b"\x55\xaa":
        raise ImageError(f"{path}: no boot sector: the first sector does not end with 55 aa", hint=mend)
    if not any(first[:440]):
        table = "GPT" if first[SECTOR : SECTOR + 8] == b"EFI PART" else "partition table"
        raise ImageError(f"{path}: not bootable by a BIOS: a {table} and no boot code in front of it", hint=mend)
