"""The noun of PARTS: one part of a stack, what is amiss with what was found of it, and words that rows share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.model import DeviceKind

NOT_KNOWN = "not known"
NONE = "none"
"""Looked for, and not there."""

Found = Mapping[str, str]
"""What was found of each part, by name; a part of which nothing is known is not there."""


@dataclass(frozen=True)
class Amiss:
    """What is wrong where a value begins like `pattern` (a regular expression), and what mends it.

    What does not keep PV devices from being in use, and only costs, is `dear`.
    """

    pattern: str
    what: str
    mend: str
    dear: bool = False


@dataclass(frozen=True)
class Part:
    """A row of PARTS.

    `side` is who is asked (guest or dom0), `read_from` what of it, `source` who says so. It is of devices of `kind`
    (None: of any, and of none). `follows` are the factors (names in FACTORS) that change it by what they are. What
    differs from boot to boot, or is proved of each trial anew, is shown and not `kept` with trials.
    """

    name: str
    side: str
    read_from: str
    means: str
    source: str
    kind: DeviceKind | None = None
    follows: tuple[str, ...] = ()
    amiss: tuple[Amiss, ...] = ()
    kept: bool = True

    def lack(self, value: str) -> Amiss | None:
        """Return what is amiss with a value, None where nothing is."""
        return next((each for each in self.amiss if re.match(each.pattern, value)), None)


GUEST, DOM0 = "guest", "dom0"
OF_STACK = ("host", "stack", "night")
OF_DEVICES = ("device", "mode", *OF_STACK)
OF_MODULES = ("device", "frontends", "guest", *OF_STACK)
NO_PLATFORM = "the guest has no platform device, so no grant tables and no PV I/O"
COMMAND_LINE = "the guest's kernel command line"


def of_module(name: str, side: str, kind: DeviceKind, missing: Amiss) -> tuple[Part, Part]:
    """Return the rows of a kernel module: which build of it runs, and where it lies."""
    in_guest = side == GUEST
    build = Part(
        f"{name} build",
        side,
        f"/sys/module/xen_{name}/notes",
        "GNU build-id of the module that is loaded, or of the kernel that it is built into.",
        "Documentation/ABI/testing/sysfs-module",
        kind=kind,
        follows=OF_MODULES if in_guest else ("device", "backends", *OF_STACK),
        amiss=(missing,),
    )
    file = Part(
        f"{name} file",
        side,
        "modinfo -n, /modules" if in_guest else "modules.dep",
        "The file that would be loaded by now.",
        "modinfo(8)" if in_guest else "modules.dep(5)",
        kind=kind,
        kept=False,
    )
    return build, file


def build_part(module: str) -> str:
    """Return the part that tells which build of a driver's module runs: "netfront build" of xen-netfront."""
    return f"{module.removeprefix('xen-')} build"
