"""What the programs of the host and of the guest answer, read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.errors import ParseError
from pvbench.model import DeviceKind, TrapCost

_MODEL_NAMES = {"ide0-hd0": "device model hda", "xvdf-raw": "device model xvdf"}


@dataclass(frozen=True)
class Moved:
    """What a device has moved so far, as the host counts it: bytes, and requests (packets for a NIC)."""

    bytes: int
    ios: int


def counted(look: Mapping[str, Any], kind: DeviceKind) -> dict[str, Moved]:
    """Return what every device of a kind has moved that the host counts for the domain, by the host's name for it."""
    if kind is DeviceKind.NET:
        return {name: Moved(nic["rx"] + nic["tx"], nic["packets"]) for name, nic in look["nics"].items()}
    disks = dict(look["vbds"])
    disks |= {_MODEL_NAMES[name]: disk for name, disk in (look["blockstats"] or {}).items() if name in _MODEL_NAMES}
    return {name: Moved(disk["bytes"], disk["ios"]) for name, disk in disks.items()}


def parse_traps(text: str) -> tuple[TrapCost, ...]:
    """Read the lines of guestside/traps.c. Raises ParseError for a line it does not know."""
    costs = []
    for line in text.splitlines():
        name, _, bins = line.partition(";")
        try:
            pairs = (word.split(":") for word in bins.split())
            costs.append(TrapCost(name, tuple((int(ns), int(count)) for ns, count in pairs)))
        except ValueError as error:
            raise ParseError(f"pvb-traps: cannot read {line!r}") from error
    return tuple(costs)
