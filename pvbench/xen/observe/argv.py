"""The NICs and disks that a device model was started with, read from its arguments. Pure.

Sources: qemu-system-x86_64(1); libxl_dm.c, which writes -drive if=ide,index=N or -device ide-hd with its drive.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_DISKS = {"ide-hd": "IDE", "scsi-hd": "SCSI", "scsi-disk": "SCSI", "virtio-blk-pci": "virtio-blk", "nvme": "NVMe"}
_PER_BUS = 2  # an IDE channel has two units
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class EmulatedNic:
    """A NIC of the device model: its model, QEMU's name of it ("" where it has none), its MAC and its tap, if known."""

    model: str
    name: str
    mac: str
    tap: str | None


@dataclass(frozen=True)
class EmulatedDisk:
    """A disk of the device model: how it looks to the guest, what its counters call it, what it opens and how.

    `place` is the disk's number on its controller, by which its PV half is found; None where it is not known.
    """

    model: str
    drive: str
    place: int | None
    file: str
    cache: str | None


def nics(argv: Sequence[str], taps: Mapping[str, str]) -> list[EmulatedNic]:
    """Return the NICs of a device model; `taps` are the interfaces it was handed open, by file descriptor."""
    nets = {net.get("id", ""): net for option, net in _options(argv) if option == "-netdev"}
    found = []
    for option, settings in _options(argv):
        kind = settings.get("driver", "")
        if option == "-device" and settings.get("netdev"):
            net = nets.get(settings["netdev"], {})
            tap = net.get("ifname") or taps.get(net.get("fd", ""))
            found.append(EmulatedNic(kind, settings.get("id", ""), settings.get("mac", "").lower(), tap))
        elif option == "-net" and kind == "nic":  # the spelling before -netdev
            mac = settings.get("macaddr", "").lower()
            found.append(EmulatedNic(settings.get("model", "rtl8139"), settings.get("name", ""), mac, None))
    return found


def disks(argv: Sequence[str]) -> list[EmulatedDisk]:
    """Return the disks of a device model, but no CD drives."""
    attached = {
        settings["drive"]: settings
        for option, settings in _options(argv)
        if option == "-device" and "drive" in settings
    }
    opened = {
        settings.get("id") or settings.get("node-name", ""): settings
        for option, settings in _options(argv)
        if option in ("-drive", "-blockdev")
    }
    found = [disk for option, drive in _options(argv) if option == "-drive" for disk in _direct(drive)]
    for name, settings in attached.items():
        model = _DISKS.get(settings.get("driver", ""))
        if model is not None:
            ahci = "ahci" in settings.get("bus", "")
            drive = opened.get(name, {})
            found.append(
                EmulatedDisk(
                    "AHCI" if model == "IDE" and ahci else model,
                    name,
                    _place(settings, ahci),
                    _file(drive),
                    drive.get("cache"),
                )
            )
    return found


def _direct(drive: Mapping[str, str]) -> Iterator[EmulatedDisk]:
    """Yield the disk of a -drive that is attached by itself."""
    interface = drive.get("if", "ide")
    if drive.get("media") == "cdrom" or interface not in ("ide", "scsi"):
        return
    numbers = [drive.get(name, "") for name in ("index", "bus", "unit")]
    index, bus, unit = (int(text) if text.isdigit() else None for text in numbers)
    if index is None and unit is not None:
        index = unit if interface == "scsi" else (bus or 0) * _PER_BUS + unit
    name = drive.get("id", "")
    if not name and index is not None:
        per_bus = _PER_BUS if interface == "ide" else 7
        name = f"{interface}{index // per_bus}-hd{index % per_bus}"
    yield EmulatedDisk(interface.upper(), name, index, _file(drive), drive.get("cache"))


def _place(settings: Mapping[str, str], ahci: bool) -> int | None:
    """Return a disk's number on its controller, from its bus and unit, such as ide.1 and 0."""
    bus = settings.get("bus", "").rpartition(".")[2]
    unit = settings.get("unit") or settings.get("scsi-id") or "0"
    if settings["driver"].startswith("scsi"):
        return int(unit) if _NUMBER.fullmatch(unit) else None
    if settings["driver"] != "ide-hd" or not (_NUMBER.fullmatch(bus) and _NUMBER.fullmatch(unit)):
        return None
    return int(bus) if ahci else int(bus) * _PER_BUS + int(unit)


def _file(drive: Mapping[str, str]) -> str:
    return drive.get("file") or drive.get("file.filename") or ""


def _options(argv: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (option, {name: value}) of the options that make devices; the first word, a kind, is the "driver"."""
    for word, text in itertools.pairwise(argv):
        option = "-" + word.lstrip("-") if word.startswith("-") else ""  # a domain may be called "drive"
        if option in ("-device", "-netdev", "-drive", "-net", "-blockdev"):
            yield option, _json(text) if text.startswith("{") else _pairs(text, named=option == "-drive")


def _pairs(text: str, *, named: bool) -> dict[str, str]:
    """Read name=value,…; a comma within a value is doubled. A first word without = is the kind."""
    words = [word.replace("\0", ",") for word in text.replace(",,", "\0").split(",")]
    found = {}
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if place == 0 and (not equals or name == "type") and not named:
            found["driver"] = value or name
        else:
            found[name] = value
    return found


def _json(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in read.items()} if isinstance(read, dict) else {}
