"""Which system's partitions a disk has, by its first sectors: the types of its MBR and GPT entries. Pure.

Types by the UEFI specification (5.3.3), Microsoft's and the BSDs' own lists.
"""

import struct
import uuid
from collections.abc import Iterator

SECTOR = 512
FIRST_SECTORS = 34
"""The boot sector, GPT's header and its 128 entries: all that is read."""

_MBR = {0x07: "Windows", 0x6C: "DragonFly BSD", 0xA5: "FreeBSD", 0xA6: "OpenBSD", 0xA9: "NetBSD"}
_GPT = {
    uuid.UUID(text): system
    for text, system in (
        ("E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Windows"),
        ("83BD6B9D-7F41-11DC-BE0B-001560B84F0F", "FreeBSD"),
        ("516E7CB6-6ECF-11D6-8FF8-00022D09712B", "FreeBSD"),
        ("516E7CBA-6ECF-11D6-8FF8-00022D09712B", "FreeBSD"),
        ("824CC7A0-36A8-11E3-890A-952519AD3F61", "OpenBSD"),
        ("49F48D5A-B10E-11DC-B99B-0019D1879648", "NetBSD"),
        ("49F48D82-B10E-11DC-B99B-0019D1879648", "NetBSD"),
        ("3D48CE54-1D16-11DC-8696-01301BB8A9F5", "DragonFly BSD"),
        ("61DC63AC-6E38-11DC-8513-01301BB8A9F5", "DragonFly BSD"),
    )
}


def system_of(first: bytes) -> str | None:
    """Return which system other than Linux a disk is of, None where nothing says so; `first` are its FIRST_SECTORS."""
    return next(_systems(first), None)


def _systems(first: bytes) -> Iterator[str]:
    for number in range(4):
        kind = first[446 + 16 * number + 4 : 446 + 16 * number + 5]
        if kind and kind[0] in _MBR:
            yield _MBR[kind[0]]
    if first[SECTOR : SECTOR + 8] != b"EFI PART" or len(first) < 2 * SECTOR:
        return
    count, size = struct.unpack_from("<II", first, SECTOR + 80)
    if not 128 <= size <= SECTOR:
        return
    for at in range(2 * SECTOR, min(len(first) - 15, 2 * SECTOR + size * min(count, 128)), size):
        identifier = uuid.UUID(bytes_le=first[at : at + 16])
        if identifier in _GPT:
            yield _GPT[identifier]
