"""What only the guest itself can tell of the stack: the command that asks it once a boot, and its answer. Pure.

Where each thing is: Linux, Documentation/ABI (sysfs-hypervisor-xen, sysfs-bus-pci) and Documentation/arch/x86/mtrr.rst.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pvbench.builds.loaded import LOADED_SCRIPT, Loaded, parse_loaded
from pvbench.errors import ParseError

_SCRIPT = """\
say() {
    [ -r "$2" ] && while read -r line || [ "$line" ]; do echo "$1=$line"; done <"$2"
}
driver() {
    [ -e "$1/driver" ] && cd -P "$1/driver" && echo "${PWD##*/}" && return
    echo none
}
for name in type guest_type version/major version/minor version/extra properties/features; do
    say "$name" "/sys/hypervisor/$name"
done
say kernel /proc/version
say command_line /proc/cmdline
say mtrr /proc/mtrr
say idle_driver /sys/devices/system/cpu/cpuidle/current_driver
say idle_governor /sys/devices/system/cpu/cpuidle/current_governor
say halt_poll_ns /sys/module/haltpoll/parameters/guest_halt_poll_ns
for device in /sys/bus/pci/devices/*; do
    [ -e "$device/class" ] || continue
    read -r class <"$device/class"
    read -r vendor <"$device/vendor"
    read -r model <"$device/device"
    case $vendor,$class in 0x5853,*|*,0x01*|*,0x02*) echo "pci=$class $vendor:$model $(driver "$device")" ;; esac
done
for device in /sys/bus/pci/drivers/xen-platform-pci/*:*; do
    say platform_resource "$device/resource"
    say platform_irq "$device/irq"
done
say taint_xen_netfront /sys/module/xen_netfront/taint
for disk in /sys/block/*; do
    [ -e "$disk/device" ] && echo "disk=${disk##*/} $(driver "$disk/device")"
done
for device in /sys/bus/xen/devices/*; do
    [ -e "$device/state" ] || continue
    read -r state <"$device/state"
    echo "xenbus=${device##*/} $state $(driver "$device")"
done
grep -m1 vendor_id /proc/cpuinfo
grep -e HYP: -e xen /proc/interrupts
dmesg | grep -e 'Hypervisor detected' -e 'Xen version' -e 'Using .* ABI' -e 'Grant tables using' -e 'unplug emulated' \
    -e 'Xen Platform' -e blkfront:
echo modules:
"""


@dataclass(frozen=True)
class GuestLook:
    """What a guest answered: lines by their keys, interrupts and kernel messages as they are, its modules.

    Which `modules` it runs is None where it did not say so, or nothing that can be read.
    """

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    interrupts: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    modules: Mapping[str, Loaded] | None = None

    def first(self, key: str) -> str | None:
        """Return the first line under a key, None where there is none."""
        return next(iter(self.said.get(key, ())), None)


def look_argv(modules: Sequence[str]) -> tuple[str, ...]:
    """Return the command that asks a guest, and which builds of these modules it runs; what fails says nothing."""
    names = (module.replace("-", "_") for module in modules)
    return ("sh", "-c", f"{{\n{_SCRIPT}{LOADED_SCRIPT}}} 2>/dev/null; exit 0", "pvb-verify", *names)


def parse_look(stdout: bytes) -> GuestLook:
    """Return what a guest answered. A line that is none of ours tells nothing, and a missing one is not known."""
    head, told_modules, modules = stdout.partition(b"\nmodules:\n")
    said: dict[str, list[str]] = {}
    interrupts, log = [], []
    for line in head.decode(errors="replace").splitlines():
        if told := re.match(r"([a-z_/]+)=(.*)$", line):
            said.setdefault(told[1], []).append(told[2].strip())
        elif told := re.match(r"vendor_id\s*:\s*(\S+)", line):
            said["processor"] = [told[1]]
        elif re.match(r"\s*(HYP|\d+):\s", line):
            interrupts.append(line.strip())
        elif line.strip():
            log.append(re.sub(r"^\[[^]]*\]\s*", "", line.strip()))
    try:
        loaded = parse_loaded(modules) if told_modules else None
    except ParseError:
        loaded = None
    return GuestLook({key: tuple(lines) for key, lines in said.items()}, tuple(interrupts), tuple(log), loaded)
