"""What the programs of the host and of the guest answer, read. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.errors import ParseError
from pvbench.hypervisor import Recording
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


def recording(made: Mapping[str, Any], data: bytes, domid: int, device: str, kind: DeviceKind) -> Recording:
    """Read what pvb-trace collected; `device` is the host's name for the one under test. Raises ParseError."""
    try:
        before, after = (counted(made[look], kind)[device] for look in ("before", "after"))
        window_s = (made["after"]["at"] - made["before"]["at"]) / 1e9
        mhz = None if made["mhz"] is None else float(made["mhz"])
    except KeyError as error:
        raise ParseError(f"pvb-trace on the host tells nothing of {error}") from error
    except (TypeError, ValueError) as error:
        raise ParseError(f"pvb-trace on the host: {error}") from error
    ios = after.ios - before.ios
    if ios < 0 or window_s <= 0 or not (mhz is None or 0 < mhz < math.inf):
        raise ParseError(f"pvb-trace on the host: {ios} I/Os in {window_s} s, time stamps at {mhz} MHz")
    return Recording(data, domid, mhz, ios, window_s)


def parse_traps(text: str) -> tuple[TrapCost, ...]:
    """Read the lines of guestside/traps.c. Raises ParseError for a line it does not know."""
    costs = []
    for line in text.splitlines():
        name, _, bins = line.partition(";")
        try:
            pairs = (word.split(":") for word in bins.split())
            costs.append(TrapCost(name, tuple((_natural(ns), _natural(count)) for ns, count in pairs)))
        except ValueError as error:
            raise ParseError(f"pvb-traps: cannot read {line!r}") from error
    return tuple(costs)


def _natural(word: str) -> int:
    number = int(word)
    if number < 0:
        raise ValueError(f"{word} is below 0")
    return number
