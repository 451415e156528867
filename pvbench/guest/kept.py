"""Whether somebody's own guest has the devices that it is to be measured with: why one is not there, and what gives it.

A kernel with PV drivers has emulated devices taken out as it boots, unless `xen_emul_unplug` says otherwise:
docs/misc/hvm-emulated-unplug.pandoc of Xen, arch/x86/xen/platform-pci-unplug.c of Linux.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pvbench.checkup import Ability, Standing
from pvbench.drivers import DRIVERS
from pvbench.errors import GuestUnfit
from pvbench.guest import loaders
from pvbench.model import IoPath, Placement
from pvbench.printable import clean

SIDE_BY_SIDE = "emulated and PV devices side by side, placement coexist"
BOTH = "xen_emul_unplug=unnecessary"
_UNPLUG = "xen_emul_unplug="
_NO_PV = ("nopv", "xen_nopv")
_SCRIPT = f"""
for module; do modprobe -q "$module" || :; done
echo "command_line=$(cat /proc/cmdline)"
{loaders.SCRIPT}
"""


@dataclass(frozen=True)
class Booted:
    """What a guest says of how it was booted: its kernel's command line, and what it has to change that."""

    command_line: str
    boot_files: Collection[str]

    @property
    def unplugs(self) -> tuple[str, ...]:
        """The words of its command line that say what is unplugged."""
        return tuple(word for word in self.command_line.split() if word.startswith(_UNPLUG))

    @property
    def keeps_both(self) -> bool:
        """Whether it is told to leave emulated devices in beside PV ones."""
        values = {value for word in self.unplugs for value in word.removeprefix(_UNPLUG).split(",")}
        return "unnecessary" in values and "never" not in values and not self.without_pv

    @property
    def without_pv(self) -> str | None:
        """The word of its command line by which no PV driver loads, None where there is none."""
        words = self.command_line.split()
        return next((word for word in words if word in _NO_PV or (word in self.unplugs and "never" in word)), None)

    def way_to_keep_both(self) -> str:
        """Return how its image is changed so that it keeps emulated devices beside PV ones."""
        old = self.without_pv or next(iter(self.unplugs), "")
        return loaders.way(self.command_line, self.boot_files, add=BOTH, remove=clean(old))


def side_by_side(booted: Booted) -> Ability:
    """Return whether emulated and PV devices can be measured side by side in a guest, and how they could be."""
    if booted.keeps_both:
        return Ability(SIDE_BY_SIDE, Standing.WORKS, f"its kernel is told {BOTH}; each boot proves it")
    why = f"its kernel boots with {booted.unplugs[0]}" if booted.unplugs else "its kernel unplugs emulated devices"
    return Ability(SIDE_BY_SIDE, Standing.REFUSED, f"{why}; {booted.way_to_keep_both()}")


def argv(devices: Sequence[str]) -> tuple[str, ...]:
    """Return the command that loads the drivers of devices that were not there, and says how the guest was booted."""
    modules = dict.fromkeys(module for device in devices for module in DRIVERS[device].modules)
    return ("sh", "-c", f"{{\n{_SCRIPT}}} 2>/dev/null; exit 0", "pvb-kept", *modules)


def parse(stdout: bytes) -> Booted:
    """Return what a guest said."""
    lines = (line.partition("=") for line in stdout.decode(errors="replace").splitlines())
    said = {name: value for name, _, value in lines}
    return Booted(said.get("command_line", "").strip(), frozenset(said.get("boot_files", "").split()))


def refusal(
    guest: str, placement: Placement, there: Mapping[str, bool], seen: Sequence[str], booted: Booted
) -> GuestUnfit | None:
    """Return why a guest cannot be measured in, None where it has all its devices.

    `there` says by device whether it is; `seen` are the devices that it has, in words.
    """
    absent = [device for device, its in there.items() if not its]
    if not absent:
        return None
    named = " and ".join(absent)
    has = f"it has {', '.join(map(clean, seen)) or 'no device'}"
    pv = any(DRIVERS[device].io_path is IoPath.PV for device in absent)
    together = placement is Placement.COEXIST
    if pv and booted.without_pv:
        word = clean(booted.without_pv)
        mend = loaders.way(booted.command_line, booted.boot_files, add=BOTH if together else "", remove=word)
        return GuestUnfit(
            f"the guest {guest} has no {named}: its kernel boots with {word}, and no PV driver loads", hint=mend
        )
    if together and not booted.keeps_both:
        told = f"boots with {clean(booted.unplugs[0])}" if booted.unplugs else f"is not told {BOTH}"
        gone = f"{named} {'are' if len(absent) > 1 else 'is'} gone"
        return GuestUnfit(
            f"the guest {guest} does not keep emulated and PV devices side by side: {gone}, for its kernel {told}",
            hint=f"{booted.way_to_keep_both()}; or use placement isolated",
        )
    modules = ", ".join(dict.fromkeys(DRIVERS[device].module for device in absent))
    return GuestUnfit(
        f"the guest {guest} has no {named}; {has}",
        hint=f"boot a kernel with {modules} in the image, or leave {named} out of the matrix",
    )
