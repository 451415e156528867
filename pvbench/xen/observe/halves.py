"""One half of a device: what it moved between two looks of hostside/pvb-observe, and how far it was taken. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from pvbench.model import IoPath
from pvbench.observed import HalfState, ObservedHalf, Traffic
from pvbench.xen.observe import settings
from pvbench.xen.observe.argv import EmulatedDisk, EmulatedNic
from pvbench.xen.observe.names import CONNECTED, interfaces

Look = Mapping[str, Any]
_SERVERS = {
    "vif": "netback",
    "vbd": "blkback",
    "qdisk": "the device model (qdisk)",
    "vbd3": "tapdisk",
    "tap": "tapdisk",
}
_DEVICE_MODEL = "the device model"
_NO_MODEL = "no device model says what it counts"


def pv_nic(domid: int, entry: Mapping[str, Any], before: Look, after: Look) -> ObservedHalf:
    """Return the PV half of a vif."""
    front, back = entry["front"], entry["back"]
    name = _present(interfaces(domid, entry["number"], back)[0], after)
    negotiated = settings.of_nic(front, back) if _state(front, back) is HalfState.CONNECTED else []
    bridge = [("bridge", _port(name, after) or back["bridge"])] if _port(name, after) or "bridge" in back else []
    sent, received = _packets(name, before, after)
    return ObservedHalf(
        io_path=IoPath.PV,
        model="vif",
        server=_server(entry),
        state=_state(front, back),
        counted_as=name,
        from_guest=sent,
        to_guest=received,
        uncounted=None if sent else _unseen(entry, "dom0 has no interface for it"),
        settings=(*settings.states(front, back), *negotiated, *bridge),
    )


def emulated_nic(
    domid: int, number: int | None, nic: EmulatedNic, back: Mapping[str, str], *looks: Look
) -> ObservedHalf:
    """Return the emulated half of a vif, by what the device model was started with."""
    before, after = looks
    names = ([nic.tap] if nic.tap else []) + list(interfaces(domid, number, back)[1] if number is not None else ())
    name = _present(names, after)
    sent, received = _packets(name, before, after)
    return ObservedHalf(
        io_path=IoPath.EMULATED,
        model=nic.model,
        server=_DEVICE_MODEL,
        state=_attached(nic, after),
        counted_as=name,
        from_guest=sent,
        to_guest=received,
        uncounted=None if sent else "dom0 has no interface for it",
        settings=tuple(("bridge", port) for port in (_port(name, after),) if port),
    )


def pv_disk(domid: int, entry: Mapping[str, Any], before: Look, after: Look) -> ObservedHalf:
    """Return the PV half of a virtual disk."""
    front, back, kind = entry["front"], entry["back"], (entry["backend"] or {}).get("kind") or "vbd"
    counters = _disks(before), _disks(after)
    name = f"{kind}-{domid}-{entry['number']}"
    if kind == "qdisk":
        stem = f"{back.get('dev', '')}-"
        name = next((drive for drive in counters[1] if drive.startswith(stem)), name)
    moved = _requests(name, *counters)
    state = _state(front, back)
    reason = _silence(after) if kind == "qdisk" else f"dom0 has no counters of {name}"
    return ObservedHalf(
        io_path=IoPath.PV,
        model=kind,
        server=_server(entry),
        state=state,
        counted_as=name,
        from_guest=moved,
        uncounted=None if moved else _unseen(entry, reason),
        settings=(
            *settings.states(front, back),
            *(settings.of_disk(front, back) if state is HalfState.CONNECTED else ()),
        ),
    )


def emulated_disk(disk: EmulatedDisk, before: Look, after: Look) -> ObservedHalf:
    """Return the emulated half of a virtual disk: the device model forgets its drive when the guest unplugs it."""
    late = (after["model"] or {}).get("disks")
    state = HalfState.UNKNOWN if late is None else HalfState.THERE if disk.drive in late else HalfState.UNPLUGGED
    moved = _requests(disk.drive, _disks(before), _disks(after))
    reason = _silence(after) if late is None else "it is not there any more"
    return ObservedHalf(
        io_path=IoPath.EMULATED,
        model=disk.model,
        server=_DEVICE_MODEL,
        state=state,
        counted_as=disk.drive or None,
        from_guest=moved,
        uncounted=None if moved else reason,
        settings=tuple((name, value) for name, value in (("file", disk.file), ("cache", disk.cache)) if value),
    )


def hidden() -> ObservedHalf:
    """Return the emulated half of a device whose device model does not run in dom0, as in a stub domain."""
    return ObservedHalf(
        io_path=IoPath.EMULATED,
        model="not known",
        server="a device model that is not in dom0",
        state=HalfState.UNKNOWN,
        uncounted="its device model does not run in dom0",
    )


def _state(front: Mapping[str, str], back: Mapping[str, str]) -> HalfState:
    """Return how far the guest took what its backend offers."""
    if "state" not in front or "state" not in back:
        return HalfState.UNKNOWN
    return HalfState.CONNECTED if front["state"] == CONNECTED == back["state"] else HalfState.OFFERED


def _attached(nic: EmulatedNic, after: Look) -> HalfState:
    """Return whether the device model still has a NIC: a guest that unplugs it makes it go."""
    devices = (after["model"] or {}).get("devices")
    if devices is None:
        return HalfState.UNKNOWN
    there = any(each["name"] == nic.name if nic.name else each["type"] == nic.model for each in devices)
    return HalfState.THERE if there else HalfState.UNPLUGGED


def _server(entry: Mapping[str, Any]) -> str:
    backend = entry["backend"]
    if backend is None:
        return "not known"
    server = _SERVERS.get(backend["kind"], backend["kind"])
    where = "dom0" if backend["domid"] == 0 else f"domain {backend['domid']}"
    return server if backend["kind"] == "qdisk" else f"{server} in {where}"


def _unseen(entry: Mapping[str, Any], reason: str) -> str:
    """Return why nothing is counted."""
    backend = entry["backend"]
    return f"its backend is in domain {backend['domid']}" if backend and backend["domid"] else reason


def _silence(look: Look) -> str:
    return str((look["model"] or {}).get("silent") or _NO_MODEL)


def _present(names: Iterable[str], look: Look) -> str | None:
    return next((name for name in names if name in look["interfaces"]), None)


def _port(name: str | None, look: Look) -> str | None:
    port = look["interfaces"][name]["master"] if name else None
    return None if port is None else str(port)


def _packets(name: str | None, before: Look, after: Look) -> tuple[Traffic | None, Traffic | None]:
    """Return what an interface of dom0 took from the guest, and gave to it."""
    if name is None or name not in before["interfaces"]:
        return None, None
    early, late = before["interfaces"][name], after["interfaces"][name]
    sent, received = (
        _between(early[way], early[f"{way}_packets"], late[way], late[f"{way}_packets"]) for way in ("rx", "tx")
    )
    return sent, received


def _disks(look: Look) -> dict[str, Any]:
    return {**look["vbds"], **((look["model"] or {}).get("disks") or {})}


def _requests(name: str, early: Mapping[str, Any], late: Mapping[str, Any]) -> Traffic | None:
    if name not in early or name not in late:
        return None
    return _between(early[name]["bytes"], early[name]["ios"], late[name]["bytes"], late[name]["ios"])


def _between(early_bytes: int, early_ios: int, late_bytes: int, late_ios: int) -> Traffic | None:
    """Return what was moved between two looks; None where the counters began anew: another device of that name."""
    if late_bytes < early_bytes or late_ios < early_ios:
        return None
    return Traffic(late_bytes - early_bytes, late_ios - early_ios)
