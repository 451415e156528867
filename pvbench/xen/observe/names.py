"""What Xen calls a domain's devices: numbers of virtual disks, states of xenbus, interfaces in dom0. Pure.

Sources: xen-vbd-interface(7); xen/io/xenbus.h; vif names in xl-network-configuration(5), those of taps from XCP-ng.
"""

import re
from collections.abc import Mapping

STATES: Mapping[str, str] = {
    "0": "unknown",
    "1": "initialising",
    "2": "waits for the other end",
    "3": "initialised",
    "4": "connected",
    "5": "closing",
    "6": "closed",
    "7": "reconfiguring",
    "8": "reconfigured",
}
CONNECTED = "4"
_TAP = re.compile(r"(?:vif|tap)\d+\.(\d+)(?:-emu)?")
_MAJORS = {202: ("xvd", 4, 0), 3: ("hd", 6, 0), 22: ("hd", 6, 2), 8: ("sd", 4, 0)}
"""By major number: the name, how many bits a partition has, how many disks lie on the majors before."""


def disk_place(number: int) -> tuple[str, int]:
    """Return the kind of name ("xvd", "hd", "sd") and the place, from 0, of a virtual disk; ("", number) if unknown."""
    if number >> 28 == 1:
        return "xvd", (number & 0xFFFFFFF) >> 8
    if number >> 8 in _MAJORS:
        name, bits, before = _MAJORS[number >> 8]
        return name, before + ((number & 0xFF) >> bits)
    return "", number


def disk_name(number: int) -> str:
    """Return a virtual disk's name, such as xvde or hda."""
    name, place = disk_place(number)
    if not name:
        return f"vbd {number}"
    letters = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return name + letters


def tap_number(interface: str | None) -> int | None:
    """Return the number of the vif whose emulated half has this interface; None where its name does not tell."""
    match = _TAP.fullmatch(interface or "")
    return int(match[1]) if match else None


def interfaces(domid: int, number: int, back: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the PV half's interface in dom0 may be called, and the emulated half's, likeliest first."""
    usual = f"vif{domid}.{number}"
    named = back.get("vifname")
    pv = (named, usual) if named else (usual,)
    return pv, (*(f"{name}-emu" for name in pv), f"tap{domid}.{number}")
