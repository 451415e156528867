"""A disk image as its first bytes tell it: format, size, what it stands on, and whether a BIOS could boot it.

Nothing but the file is read, wherever it lies: to say no it takes no program of QEMU's.
"""

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pvbench import qcow2
from pvbench.errors import ImageError
from pvbench.partitions import FIRST_SECTORS, system_of
from pvbench.printable import clean
from pvbench.qcow2_tables import Reader, bytes_at

SECTOR = 512
_FIRST = FIRST_SECTORS * SECTOR
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
"""It is a folder's entry on hosts, and a word in tables."""
_SIGNATURES = (0x1B8, 0x1CA, 0)
"""Where a boot sector holds 4 bytes of its disk's own: those of fdisk, and of every tool since Windows NT; where they
are 0, as GPT leaves them (UEFI, 5.2.3), the size of its first partition, the disk's with GPT; else its boot code."""

_OTHERS = (
    (0, b"KDMV", "VMDK"),
    (0, b"COWD", "VMDK"),
    (0, b"# Disk DescriptorFile", "VMDK"),
    (0, b"vhdxfile", "VHDX"),
    (0, b"conectix", "VHD"),
    (0, b"QED\0", "QED"),
    (0x40, b"\x7f\x10\xda\xbe", "VDI"),
    (0, b"WithoutFreeSpace", "Parallels"),
    (0, b"WithouFreSpacExt", "Parallels"),
)
_PACKED = (
    (0, b"\x1f\x8b", "gzip", "gunzip"),
    (0, b"\xfd7zXZ\0", "xz", "unxz"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard", "unzstd"),
    (0, b"BZh", "bzip2", "bunzip2"),
    (0, b"PK\3\4", "ZIP", "unzip"),
    (0, b"\x04\x22\x4d\x18", "LZ4", "unlz4"),
    (0, b"\x5d\0\0", "LZMA", "unlzma"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x"),
    (257, b"ustar", "tar", "tar -xf"),
)
_ENDS = ((b"conectix", "VHD"), (b"koly", "DMG"))
_NO_FILES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a device",
}
_EXT_MAGIC = slice(0x438, 0x43A)


@dataclass(frozen=True)
class DiskImage:
    """A disk image that QEMU can open and a BIOS may boot: its format, "qcow2" or "raw", and its disk's size in bytes.

    `signature` is the disk's own in its boot sector, 4 bytes at `signature_at` by which a BIOS tells it from others.
    """

    path: Path
    format: str
    size_bytes: int
    signature: bytes
    signature_at: int


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
        _refuse_no_file(path)
        with path.open("rb") as file:
            return read_open(path, file, Path.exists)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such path"
        raise ImageError(
            f"{clean(str(path))}: {why}", hint="`image` is the path of a qcow2 or raw disk image"
        ) from None
    except ImageError as error:  # of a folder of any name
        raise ImageError(clean(str(error)), hint=error.hint and clean(error.hint)) from None


def _refuse_no_file(path: Path) -> None:
    """Raise ImageError for what is none, before it is opened: a FIFO would be waited at for ever."""
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind != stat.S_IFREG:
        raise ImageError(f"{path} is {_NO_FILES.get(kind, 'no file')}, not a disk image")


def read_open(path: Path, file: Reader, exists: Callable[[Path], bool]) -> DiskImage:
    """Return what an open image is that lies at `path`; `exists` says what else is there. Raises ImageError."""
    length = file.seek(0, 2)
    head = bytes_at(file, 0, 0x9000)
    if not head:
        raise ImageError(f"{path} is empty")
    if head.startswith(qcow2.MAGIC):
        size, first = qcow2.read(path, file, length, _FIRST, exists)
        form = "qcow2"
    else:
        _refuse_others(path, head, bytes_at(file, max(0, length - SECTOR), SECTOR))
        form, size, first = "raw", length, head[:_FIRST]
        if length % SECTOR:
            raise ImageError(
                f"{path}: {length:,} bytes are no whole number of {SECTOR}-byte sectors: no raw disk, or one cut short"
            )
    _refuse_unbootable(path, size, first)
    at = next(at for at in _SIGNATURES if any(first[at : at + 4]) or at == _SIGNATURES[-1])
    return DiskImage(path, form, size, first[at : at + 4], at)


def _refuse_others(path: Path, head: bytes, end: bytes) -> None:
    """Raise ImageError for a format that is neither qcow2 nor a disk as it is."""
    formats = [name for at, magic, name in _OTHERS if head[at : at + len(magic)] == magic]
    formats += [name for magic, name in _ENDS if end.startswith(magic)]
    if formats:
        raise ImageError(
            f"{path} is a {formats[0]} image; qcow2 and raw ones can be booted",
            hint=f"qemu-img convert -O qcow2 {path.name} {path.stem}.qcow2",
        )
    for at, magic, name, tool in _PACKED:
        if head[at : at + len(magic)] == magic:
            raise ImageError(f"{path} is packed by {name}", hint=f"unpack it first: {tool} {path.name}")
    if head.startswith(b"LUKS\xba\xbe"):
        raise ImageError(f"{path} is encrypted by LUKS", hint="decrypt it: qemu-img convert; see qemu-img(1)")
    if head[:64].lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ImageError(f"{path} is a web page, not a disk image", hint="see what that page says, and get the image")
    if head[0x8001:0x8006] == b"CD001":
        raise ImageError(
            f"{path} is a CD image", hint="an installed disk is needed, such as a distribution's cloud image"
        )


def _refuse_unbootable(path: Path, size: int, first: bytes) -> None:
    """Raise ImageError where the first sectors say that a BIOS finds nothing to boot."""
    if size < 1 << 20:
        raise ImageError(f"{path}: a disk of {size:,} bytes is too small to boot a guest from")
    mend = "an image that boots by BIOS is needed; nothing here boots by EFI"
    if not any(first[:SECTOR]):
        raise ImageError(f"{path}: the disk begins with nothing: it is empty, or no disk that boots", hint=mend)
    if (system := system_of(first)) is not None:
        raise ImageError(
            f"{path}: a disk of {system}, in which nothing can be measured yet: it would need a program of {system}'s "
            "own that runs the tools and says which device carried the traffic, which is written for Linux alone"
        )
    if first[510:512] != b"\x55\xaa" and first[_EXT_MAGIC] == b"\x53\xef":
        raise ImageError(f"{path}: a file system alone, without a boot loader in front of it", hint=mend)
    if first[510:512] != b"\x55\xaa":
        raise ImageError(f"{path}: no boot sector: the first sector does not end with 55 aa", hint=mend)
    if not any(first[:440]):
        table = "GPT" if first[SECTOR : SECTOR + 8] == b"EFI PART" else "partition table"
        raise ImageError(f"{path}: not bootable by a BIOS: a {table} and no boot code in front of it", hint=mend)
