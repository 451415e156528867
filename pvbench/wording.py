"""Workloads, devices and labels in words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pvbench.drivers import DRIVERS
from pvbench.metrics import METRICS, Metric
from pvbench.model import (
    AS_FOUND,
    BUILTIN_GUEST,
    STOCK,
    Cell,
    DeviceKind,
    Emulation,
    GuestMode,
    HostFacts,
    IoPath,
    Workload,
    driver_builds,
)
from pvbench.printable import clean
from pvbench.tunables import in_words
from pvbench.workloads import WORKLOADS
from pvbench.workloads.tool import TIMES, setting

KINDS: Mapping[DeviceKind, str] = MappingProxyType({DeviceKind.BLOCK: "Disk", DeviceKind.NET: "Network"})

SOFTWARE_NOTE = (
    "The hypervisor itself ran under software emulation, without hardware virtualisation. Such figures exercise the "
    "whole measuring chain and show the order of things; they do not tell what real hardware would show."
)
VIRTUAL_NOTE = (
    "The hypervisor itself ran inside a virtual machine. Exits cost more there than on bare metal, so ratios differ "
    "from those of real hardware."
)


def title(workload: Workload) -> str:
    """Return what is run, short: "Random read, 4 KiB, depth 1"; what is as usual is left out."""
    return ", ".join(_title_parts(workload))


def mode(workload: Workload) -> str:
    """Return the first part of the title, which workloads of other sizes and depths share: "Random read"."""
    return _title_parts(workload)[0]


def _title_parts(workload: Workload) -> list[str]:
    tool, params = WORKLOADS.get(workload.tool), dict(workload.params)
    parts = tool.title(params) if tool else [setting(*pair) for pair in workload.params if pair[0] not in TIMES]
    return [clean(part) for part in parts or [workload.tool]]


def cell_title(cell: Cell, but: str = "") -> str:
    """Return what is run, and what the boot is asked for, `but` for one factor: "Random read, 4 KiB, queues 2"."""
    asked = [f"{name.replace('_', ' ')} {in_words(value)}" for name, value in cell.tunables if name != but]
    mode = [] if cell.arm.mode is GuestMode.HVM or but == "mode" else [f"{cell.arm.mode} guest"]
    builds = [
        f"{side} {driver_builds.in_words(build)}"
        for side, build in (("frontends", cell.arm.frontends), ("backends", cell.arm.backends))
        if build != STOCK and side != but
    ]
    stack = [] if cell.arm.stack == AS_FOUND or but == "stack" else [f"stack {cell.arm.stack_name}"]
    guest = [] if cell.arm.guest == BUILTIN_GUEST or but == "guest" else [f"guest {cell.arm.guest}"]
    more = (*map(clean, asked), *mode, *map(clean, builds), *map(clean, guest), *map(clean, stack))
    return ", ".join([title(cell.workload), *more])


def arm(cell: Cell) -> str:
    """Return the device and what its boot was asked for: "blkfront, queues 2"."""
    return f"{cell.device}{cell_title(cell).removeprefix(title(cell.workload))}"


def listed(words: Sequence[str]) -> str:
    """Return "xen1", "xen1 and xen2", "xen1, xen2 and xen3"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def settings(workload: Workload) -> str:
    """Return the parameters that the title has no place for, with the tool's name before them."""
    tool = WORKLOADS.get(workload.tool)
    titled, sizes = (tool.titled, tool.sizes) if tool else (frozenset[str](), frozenset[str]())
    rest = [setting(name, value, sizes) for name, value in workload.params if name not in titled]
    return clean(f"{workload.tool}: {', '.join(rest)}" if rest else workload.tool)


def primary(workload: Workload) -> Metric:
    """Return the metric a workload is compared by; that of a tool which this pvbench does not know is a guess."""
    tool = WORKLOADS.get(workload.tool)
    return METRICS[tool.primary(dict(workload.params)) if tool else "goodput"]


def offered(workload: Workload) -> tuple[Metric, float] | None:
    """Return a metric and what it can come to at most, as no more load was offered; None where that is not so."""
    tool = WORKLOADS.get(workload.tool)
    load = tool.offered(dict(workload.params)) if tool else None
    return (METRICS[load[0]], load[1]) if load else None


def ceiling(workload: Workload) -> float | None:
    """Return the value of the primary metric that the offered load itself does not let any device pass, if any."""
    load = offered(workload)
    return load[1] if load and load[0] == primary(workload) else None


def io_path(device: str) -> str:
    """Return "emulated", "PV", or nothing for a device that is not in DRIVERS."""
    driver = DRIVERS.get(device)
    if driver is None:
        return ""
    return "PV" if driver.io_path is IoPath.PV else "emulated"


def label(hosts: Sequence[HostFacts]) -> str:
    """Return what stands beside every figure of these hosts: nothing on bare metal."""
    kinds = sorted({host.emulation for host in hosts} - {Emulation.BARE_METAL})
    # Software emulation first: it bends figures most.
    kinds.sort(key=lambda kind: kind is not Emulation.SOFTWARE)
    return ", ".join(kind.value for kind in kinds)


def under(label: str | None) -> str:
    """Return a label behind a figure: " under software emulation", nothing on bare metal or where it is not known."""
    return f" under {label}" if label else ""


def label_note(hosts: Sequence[HostFacts]) -> str:
    """Return what the label means, naming the hosts."""
    notes = []
    for kinds, note in (
        ({Emulation.SOFTWARE}, SOFTWARE_NOTE),
        ({Emulation.NESTED, Emulation.UNKNOWN}, VIRTUAL_NOTE),
    ):
        named = [clean(host.name) for host in hosts if host.emulation in kinds]
        if named:
            notes.append(f"{'Host' if len(named) == 1 else 'Hosts'} {', '.join(named)}: {note}")
    return " ".join(notes)
