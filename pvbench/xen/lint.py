"""A guest's devices, as they would be created → what of LINTS is wrong. Pure but for the stores it is given."""

import os.path
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

from pvbench.xen.lint_table import LINTS, Lint, Severity
from pvbench.xen.vdevs import AHCI_DISKS, FIRST_PV, IDE_DISKS, Vdev, letters, read_vdev

UNPLUGS_AHCI = (8, 2)
"""The first QEMU that unplugs AHCI disks."""

LiesOn = Callable[[str], Sequence[str]]
"""Returns the store behind a path and all that it lies on, its own first; nothing where that is not known."""


@dataclass(frozen=True)
class DiskUse:
    """A disk as a guest would have it; `pv_alone` says that it is not meant to be emulated, `line` where it is told."""

    vdev: str
    target: str
    writable: bool
    format: str = "raw"
    cdrom: bool = False
    pv_alone: bool = False
    backend: str | None = None
    line: int = 0


@dataclass(frozen=True)
class NicUse:
    """A NIC as a guest would have it; without a `model` it is PV alone."""

    model: str | None
    mac: str | None
    line: int = 0


@dataclass(frozen=True)
class Devices:
    """A guest's devices and what decides over them. What is not known is None.

    `unplug` is xen_emul_unplug of its kernel, `drivers` what emulated devices its kernel has drivers for.
    """

    hvm: bool
    disks: tuple[DiskUse, ...] = ()
    nics: tuple[NicUse, ...] = ()
    ahci: bool = False
    unplug: str | None = None
    device_model: tuple[int, int] | None = None
    kernel: str | None = None
    drivers: frozenset[str] | None = None


@dataclass(frozen=True)
class Finding:
    """A lint that holds, said of the devices it is about; `line` is where they are told, 0 where nowhere."""

    lint: Lint
    words: str
    line: int = 0

    @property
    def refuses(self) -> bool:
        """Whether the guest is not to be booted."""
        return self.lint.severity is Severity.REFUSED

    def __str__(self) -> str:
        return f"{self.lint.id}: {self.words}, but {self.lint.reason}"


def nothing_known(_path: str) -> Sequence[str]:
    """Return nothing: of a path's store only its name is known."""
    return ()


def findings(guest: Devices, lies_on: LiesOn = nothing_known) -> tuple[Finding, ...]:
    """Return what is wrong with a guest's devices; `lies_on` knows the files of the machine that they are on."""
    checks = (_stores(guest, lies_on), _indices(guest), _pv_disks(guest), _disks(guest), _nics(guest))
    return tuple(finding for check in checks for finding in check)


def _found(lint: str, words: str, line: int) -> Finding:
    return Finding(LINTS[lint], words, line)


def is_emulated(guest: Devices, disk: DiskUse) -> bool:
    """Whether an HVM guest gets a disk emulated as well (libxl_dm.c)."""
    vdev = read_vdev(disk.vdev)
    if not guest.hvm or vdev is None:
        return False
    return vdev.bus == "sd" or vdev.index < (AHCI_DISKS if guest.ahci else IDE_DISKS) or disk.cdrom


def _stores(guest: Devices, lies_on: LiesOn) -> Iterator[Finding]:
    known = [(disk, same_name(disk.target), tuple(lies_on(disk.target))) for disk in guest.disks if disk.target]
    for (one, name, stores), (other, name2, stores2) in combinations(known, 2):
        by_machine = bool(stores and stores2) and (stores[0] in stores2 or stores2[0] in stores)
        if not (name == name2 or by_machine) or not (one.writable or other.writable):
            continue
        both = is_emulated(guest, one) != is_emulated(guest, other)
        how = "" if one.target == other.target else f" ({one.target} is {other.target} under another name)"
        if both:
            emulated, pv = (one, other) if is_emulated(guest, one) else (other, one)
            words = f"{emulated.vdev} (emulated) and {pv.vdev} (PV) are both {one.target}{how}"
        else:
            words = f"{one.vdev} and {other.vdev} are both {one.target}{how}"
        yield _found("store-as-ide-and-pv" if both else "store-in-two-disks", words, max(one.line, other.line))


def same_name(path: str) -> str:
    """Return one name for the names that a path and a volume have: /dev/mapper/vg-lv is /dev/vg/lv (lvm(8))."""
    path = os.path.normpath(path)
    match = re.fullmatch(r"/dev/mapper/((?:[^-]|--)+)-((?:[^-]|--)+)", path)
    return f"/dev/{match[1].replace('--', '-')}/{match[2].replace('--', '-')}" if match else path


def _indices(guest: Devices) -> Iterator[Finding]:
    known = [(disk, vdev) for disk in guest.disks if (vdev := read_vdev(disk.vdev)) is not None]
    for (one, place), (other, place2) in combinations(known, 2):
        low = guest.hvm and place.index < IDE_DISKS and "sd" not in (place.bus, place2.bus)
        same_bus = place.bus == place2.bus or low
        if (place.index, place.partition) == (place2.index, place2.partition) and same_bus:
            words = f"{one.vdev} and {other.vdev} are one place; {free_name(guest)} is free"
            yield _found("one-index-twice", words, other.line)


def free_name(guest: Devices) -> str:
    """Return the first name from xvde (xvdg with AHCI) that no disk has."""
    taken = {vdev.index for disk in guest.disks if (vdev := read_vdev(disk.vdev)) is not None}
    first = AHCI_DISKS if guest.ahci else FIRST_PV
    return f"xvd{letters(next(index for index in range(first, first + len(taken) + 1) if index not in taken))}"


def _pv_disks(guest: Devices) -> Iterator[Finding]:
    for disk in guest.disks:
        vdev = read_vdev(disk.vdev)
        if vdev is None or disk.cdrom or not is_emulated(guest, disk):
            continue
        live = guest.unplug is not None and "unnecessary" in guest.unplug.split(",") and vdev.bus == "xvd"
        if disk.pv_alone or live:
            why = "is meant to be PV alone" if disk.pv_alone else "stays both ways (xen_emul_unplug=unnecessary)"
            name = free_name(guest)
            yield _found("pv-disk-on-ide", f"{disk.vdev} {why}; {name} is its name then", disk.line)


def _disks(guest: Devices) -> Iterator[Finding]:
    for disk in guest.disks:
        vdev = read_vdev(disk.vdev)
        if disk.backend == "phy" and disk.format != "raw":
            words = f"{disk.vdev} is served by blkback (phy), and {disk.target} is a {disk.format} image"
            yield _found("phy-not-raw", words, disk.line)
        if vdev is None or disk.cdrom or not is_emulated(guest, disk) or vdev.bus == "sd":
            continue
        if not disk.writable:
            yield _found("read-only-on-ide", f"{disk.vdev} is read-only; {free_name(guest)} can be", disk.line)
        if guest.ahci:
            yield from _ahci(guest, vdev, disk.line)


def _ahci(guest: Devices, vdev: Vdev, line: int) -> Iterator[Finding]:
    if guest.unplug in ("never", "unnecessary"):
        return
    if guest.device_model is None:
        yield _found("ahci-device-model-unknown", f"{vdev.name} is behind hdtype=ahci", line)
    elif guest.device_model < UNPLUGS_AHCI:
        version = ".".join(map(str, guest.device_model))
        yield _found("ahci-not-unplugged", f"{vdev.name} is behind hdtype=ahci, and the host has QEMU {version}", line)


def _nics(guest: Devices) -> Iterator[Finding]:
    for one, other in combinations(guest.nics, 2):
        if one.mac is not None and one.mac == other.mac:
            kinds = " and ".join("an emulated" if nic.model else "a PV" for nic in (one, other))
            yield _found("one-mac-two-nics", f"{kinds} NIC have {one.mac}", other.line)
    cloud = guest.kernel is not None and re.search(r"[-.]cloud[-.]|[-.]cloud$|[-.]kvm$", guest.kernel) is not None
    for nic in guest.nics if guest.hvm else ():
        lacks = nic.model not in guest.drivers if guest.drivers is not None else cloud
        if nic.model and lacks:
            where = PurePosixPath(guest.kernel).name if guest.kernel else "the guest's kernel"
            yield _found("no-driver-for-emulated", f"{where} shall drive {nic.model}", nic.line)
