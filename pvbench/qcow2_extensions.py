"""What a qcow2 file's header has behind it, and its table of snapshots: QEMU opens no file in which they are damaged.

By QEMU's docs/interop/qcow2.txt ("Header extensions", "Bitmaps extension", "Snapshots"). Pure but for the file.
"""

import struct

from pvbench.qcow2_tables import Beyond, Fault, Reader, bytes_at

_BITMAPS = 0x23852875
_EXTENSION = struct.Struct(">II")
_DIRECTORY = struct.Struct(">IIQQ")
_SNAPSHOT = struct.Struct(">QIHH16xII")
_MOST_EXTRA = 1024


def fault(file: Reader, length: int, begins: int, cluster: int) -> Fault | None:
    """Return what is wrong with the extensions of a header, which begin at a byte of the first cluster."""
    head = bytes_at(file, 0, cluster)
    place = begins
    while place + _EXTENSION.size <= len(head):
        kind, size = _EXTENSION.unpack_from(head, place)
        place += _EXTENSION.size
        if kind == 0:
            return None
        if size > len(head) - place:
            return Fault("an extension of its header that does not fit into it")
        if kind == _BITMAPS and size >= _DIRECTORY.size:
            _, _, directory, bitmaps_at = _DIRECTORY.unpack_from(head, place)
            if bitmaps_at + directory > length:
                return Beyond("its list of bitmaps", bitmaps_at)
        place += -(-size // 8) * 8
    return None


def snapshots_fault(file: Reader, length: int, begins: int, count: int, cluster: int) -> Fault | None:
    """Return what is wrong with a table of snapshots."""
    if not count:
        return None
    for _ in range(count):
        entry = bytes_at(file, begins, _SNAPSHOT.size)
        if len(entry) < _SNAPSHOT.size:
            return Beyond("a snapshot", begins)
        l1_at, l1_size, identifier, name, *_, extra = _SNAPSHOT.unpack(entry)
        if l1_at % cluster:
            return Fault("a snapshot whose table begins within a cluster")
        if l1_at + 8 * l1_size > length:
            return Beyond("a snapshot's table", l1_at)
        if extra > _MOST_EXTRA:
            return Fault("a snapshot that says more of itself than there may be")
        begins += -(-(_SNAPSHOT.size + extra + identifier + name) // 8) * 8
    return Beyond("the end of its snapshots", begins) if begins > -(-length // 8) * 8 else None
