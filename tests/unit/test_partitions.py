import struct
import uuid

import pytest

from pvbench.partitions import FIRST_SECTORS, SECTOR, system_of


def mbr(*kinds: int) -> bytes:
    entries = b"".join(bytes([0, 0, 0, 0, kind]) + bytes(11) for kind in kinds).ljust(64, b"\0")
    return (bytes(446) + entries + b"\x55\xaa").ljust(FIRST_SECTORS * SECTOR, b"\0")


def gpt(*kinds: str, size: int = 128) -> bytes:
    header = b"EFI PART".ljust(80, b"\0") + struct.pack("<II", len(kinds), size)
    entries = b"".join(uuid.UUID(kind).bytes_le.ljust(size, b"\0") for kind in kinds)
    return (mbr(0xEE)[:SECTOR] + header.ljust(SECTOR, b"\0") + entries).ljust(FIRST_SECTORS * SECTOR, b"\0")


LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


@pytest.mark.parametrize(
    ("first", "system"),
    [
        (mbr(0x83), None),
        (mbr(0x83, 0xA5), "FreeBSD"),
        (mbr(0x07), "Windows"),
        (gpt(LINUX), None),
        (gpt(LINUX, "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"), "Windows"),
        (gpt("516E7CBA-6ECF-11D6-8FF8-00022D09712B"), "FreeBSD"),
        (gpt("49F48D5A-B10E-11DC-B99B-0019D1879648", size=256), "NetBSD"),
        (gpt("49F48D5A-B10E-11DC-B99B-0019D1879648", size=0), None),
        (bytes(FIRST_SECTORS * SECTOR), None),
        (b"", None),
        (gpt(LINUX)[: 3 * SECTOR - 1], None),
    ],
)
def test_the_system_of_a_disk_is_known_by_its_partitions(first: bytes, system: str | None) -> None:
    assert system_of(first) == system
