"""A domain's devices, from what hostside/pvb-observe says: which halves belong together, which one is used. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pvbench.model import DeviceKind
from pvbench.observed import HalfState, ObservedDevice, ObservedHalf, Use
from pvbench.xen.observe import argv, halves
from pvbench.xen.observe.argv import EmulatedDisk, EmulatedNic
from pvbench.xen.observe.halves import Look
from pvbench.xen.observe.names import disk_name, disk_place, tap_number

Facts = Mapping[str, Any]
TOLD = 0.05
"""A half that moved less than this share of the bytes is no carrier: a broadcast goes over whatever there is."""
_ON = {"IDE": ("xvd", "hd"), "AHCI": ("xvd", "hd"), "SCSI": ("sd",)}
"""The names of virtual disks whose emulated half is on such a controller (libxl_dm.c)."""
_EMULATED_PLACES = 4  # so many disks an IDE controller has


def devices(domid: int, facts: Facts, before: Look, after: Look) -> tuple[ObservedDevice, ...]:
    """Return the NICs and disks of a domain between two looks, NICs first."""
    return (*_nics(domid, facts, before, after), *_disks(domid, facts, before, after))


def _nics(domid: int, facts: Facts, before: Look, after: Look) -> list[ObservedDevice]:
    left, found = _emulated_nics(facts), []
    for entry in _entries(facts, "vif"):
        back, number = entry["back"], entry["number"]
        mac = (back.get("mac") or entry["front"].get("mac") or "").lower()
        nic = next((nic for nic in left if tap_number(nic.tap) == number), None)
        nic = nic or next((nic for nic in left if mac and nic.mac == mac and tap_number(nic.tap) is None), None)
        parts = [halves.pv_nic(domid, entry, before, after)]
        if nic is not None:
            left.remove(nic)
            parts.insert(0, halves.emulated_nic(domid, number, nic, back, before, after))
        elif _is_hidden(facts):
            parts.insert(0, halves.hidden())
        found.append(_device(f"vif {number}", DeviceKind.NET, mac, parts))
    for nic in left:
        only = halves.emulated_nic(domid, None, nic, {}, before, after)
        found.append(_device(nic.name or nic.tap or nic.model, DeviceKind.NET, nic.mac, [only]))
    return found


def _disks(domid: int, facts: Facts, before: Look, after: Look) -> list[ObservedDevice]:
    left, found = _emulated_disks(facts), []
    for entry in _entries(facts, "vbd"):
        if entry["back"].get("device-type") == "cdrom" or entry["front"].get("device-type") == "cdrom":
            continue
        name, place = disk_place(entry["number"])
        disk = next((disk for disk in left if disk.place == place and name in _ON.get(disk.model, ())), None)
        parts = [halves.pv_disk(domid, entry, before, after)]
        if disk is not None:
            left.remove(disk)
            parts.insert(0, halves.emulated_disk(disk, before, after))
        elif _is_hidden(facts) and place < _EMULATED_PLACES:
            parts.insert(0, halves.hidden())
        backing = backing_of(entry) or (disk.file if disk else "")
        found.append(_device(disk_name(entry["number"]), DeviceKind.BLOCK, backing, parts))
    for disk in left:
        only = halves.emulated_disk(disk, before, after)
        found.append(_device(disk.drive or disk.model, DeviceKind.BLOCK, disk.file, [only]))
    return found


def backing_of(entry: Mapping[str, Any]) -> str:
    """Return what the backend of a disk opens, as its toolstack wrote it."""
    back = entry["back"]
    return str(back.get("physical-device-path") or back.get("params") or "")


def use_of(parts: Sequence[ObservedHalf]) -> tuple[Use, bool]:
    """Return which half of a device the guest uses, and whether its traffic proves it.

    What a guest sent counts: what is sent to it may be a broadcast, which a bridge gives to both halves.
    """
    moved = {half.io_path: _bytes(half) for half in parts if half.carried}
    whole = sum(moved.values())
    carriers = [path for path, number in moved.items() if number >= TOLD * whole]
    if carriers:
        return (Use.BOTH if len(carriers) > 1 else Use(carriers[0].value)), True
    usable = [half for half in parts if half.state.usable]
    if not usable:
        return Use.NEITHER, False
    if len(usable) > 1 or usable[0].state is HalfState.UNKNOWN:
        return Use.UNKNOWN, False
    return Use(usable[0].io_path.value), False


def _bytes(half: ObservedHalf) -> int:
    return sum(way.bytes for way in (half.from_guest, half.to_guest) if way is not None)


def _device(name: str, kind: DeviceKind, address: str, parts: list[ObservedHalf]) -> ObservedDevice:
    use, proved = use_of(parts)
    return ObservedDevice(name, kind, address, tuple(parts), use, proved)


def _is_hidden(facts: Facts) -> bool:
    """Whether a domain has emulated halves that its device model, elsewhere or unknown, does not tell dom0 of."""
    return facts["model"] is None and facts["domain"].get("type") == "hvm"


def _entries(facts: Facts, kind: str) -> list[Mapping[str, Any]]:
    return sorted((each for each in facts["devices"] if each["kind"] == kind), key=lambda each: int(each["number"]))


def _emulated_nics(facts: Facts) -> list[EmulatedNic]:
    model = facts["model"]
    return argv.nics(model["argv"], model["taps"]) if model else []


def _emulated_disks(facts: Facts) -> list[EmulatedDisk]:
    return argv.disks(facts["model"]["argv"]) if facts["model"] else []
