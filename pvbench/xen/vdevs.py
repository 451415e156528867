"""Names of virtual disks: which bus and index one says, and by what name Linux and libxl know it today.

Source: xen-vbd-interface(7); libxl__device_disk_dev_number, which knows hda to hdd, sda to sdp and xvda onwards.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(?:/dev/)?(hd|sd|xvd)([a-z]{1,3})(\d{0,3})")
_BY_NUMBER = re.compile(r"d(\d{1,6})(?:p(\d{1,3}))?")
_RAW = re.compile(r"0[xX]([0-9a-fA-F]{1,8})|(\d{1,10})")
_HIGHEST = {"hd": 3, "sd": 15, "xvd": (1 << 20) - 1}
IDE_DISKS, AHCI_DISKS = 4, 6
"""So many disks, by index, are behind the emulated controller (libxl_dm.c)."""

FIRST_PV = IDE_DISKS
"""The index of xvde, the first that no IDE controller has."""


@dataclass(frozen=True)
class Vdev:
    """A disk's place: `bus` is hd, sd or xvd, `index` 0 for the first (hda), `partition` 0 for the whole disk."""

    bus: str
    index: int
    partition: int = 0

    @property
    def name(self) -> str:
        """The name: hda, xvde1."""
        return f"{self.bus}{letters(self.index)}{self.partition or ''}"

    @property
    def known(self) -> bool:
        """Whether libxl takes the name: it has no hde."""
        return self.index <= _HIGHEST[self.bus]

    @property
    def modern(self) -> "Vdev":
        """The name to write today: of hde it is xvde."""
        return self if self.known else Vdev("xvd", self.index, self.partition)


def read_vdev(name: str) -> Vdev | None:
    """Return what a name of xm's or xl's says, or None: hda, /dev/hda, xvdb1, d0p1, 0x301, 51776."""
    if match := _NAME.fullmatch(name):
        return Vdev(match[1], _index(match[2]), int(match[3] or 0))
    if match := _BY_NUMBER.fullmatch(name):
        return Vdev("xvd", int(match[1]), int(match[2] or 0))
    if match := _RAW.fullmatch(name):
        return _of_number(int(match[1], 16) if match[1] else int(match[2]))
    return None


def _of_number(number: int) -> Vdev | None:
    """Return what a number means: 8 bits of Linux's major and 8 of its minor, or bit 28 and more disks."""
    major, minor = number >> 8, number & 0xFF
    if number >> 28 == 1:
        return Vdev("xvd", (number >> 8) & 0xFFFFF, minor)
    by_major = {202: ("xvd", 4, 0), 8: ("sd", 4, 0), 3: ("hd", 6, 0), 22: ("hd", 6, 2), 33: ("hd", 6, 4)}
    if major not in by_major:
        return None
    bus, shift, first = by_major[major]
    return Vdev(bus, first + (minor >> shift), minor & ((1 << shift) - 1))


def letters(index: int) -> str:
    """Return the letters of a disk: a, b, …, z, aa, …"""
    text = ""
    index += 1
    while index:
        index, last = divmod(index - 1, 26)
        text = chr(ord("a") + last) + text
    return text


def _index(text: str) -> int:
    index = 0
    for letter in text:
        index = index * 26 + ord(letter) - ord("a") + 1
    return index - 1
