"""WARNINGS: what the owner of a domain should know of its devices, each with an id, a sentence and a next step. Pure.

Sources: docs/misc/hvm-emulated-unplug.pandoc; xl.cfg(5), xen_platform_pci_bar_uc; xl-disk-configuration(5); losetup(8).
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pvbench.model import DeviceKind, GuestMode, IoPath
from pvbench.observed import HalfState, ObservedDevice, ObservedWarning, Use
from pvbench.xen.observe.names import disk_name
from pvbench.xen.observe.settings import queues

Facts = Mapping[str, Any]
_AMD = ("AuthenticAMD", "HygonGenuine")  # Intel's nested page tables override what the guest says of a page
_FRONTENDS = {DeviceKind.NET: "xen-netfront", DeviceKind.BLOCK: "xen-blkfront"}
_USE_PV = (
    "in a Linux guest load {frontend} and boot without xen_emul_unplug=never, nopv and the like; a Windows guest needs "
    "Xen's PV drivers"
)


def warnings(
    devices: tuple[ObservedDevice, ...], facts: Facts, mode: GuestMode | None, vcpus: int | None
) -> tuple[ObservedWarning, ...]:
    """Return what is to be said of a domain and its devices, in the order of WARNINGS."""
    found = [warning for device in devices for check in OF_A_DEVICE.values() for warning in check(device)]
    found += grant_frames(devices, facts, mode)
    return (*found, *one_queue(devices, facts, vcpus), *loop_buffered(devices, facts))


def emulated_in_use(device: ObservedDevice) -> Iterator[ObservedWarning]:
    """An emulated half carries the traffic though there is a PV half."""
    emulated, pv = device.half(IoPath.EMULATED), device.half(IoPath.PV)
    if device.use is not Use.EMULATED or emulated is None or pv is None:
        return
    how = "is connected and idle" if pv.state is HalfState.CONNECTED else "was offered and not taken"
    usual = ", xl's choice where `model` names no other" if emulated.model == "rtl8139" else ""
    yield ObservedWarning(
        f"emulated-{_noun(device)}-in-use",
        device.name,
        f"the guest uses {emulated.model}{usual}, which the device model emulates; the PV half of {device.name} {how}",
        _USE_PV.format(frontend=_FRONTENDS[device.kind]),
    )


def without_pv_half(device: ObservedDevice) -> Iterator[ObservedWarning]:
    """A device has no PV half at all."""
    emulated = device.half(IoPath.EMULATED)
    if emulated is None or device.half(IoPath.PV) is not None or not emulated.carried:
        return
    yield ObservedWarning(
        "no-pv-half",
        device.name,
        f"{device.name} is {emulated.model} alone: it was given to the device model behind the toolstack's back",
        "describe it in `vif` or `disk` of the domain's configuration, which give a PV half too",
    )


def both_in_use(device: ObservedDevice) -> Iterator[ObservedWarning]:
    """Both halves of one device move data."""
    if device.use is not Use.BOTH:
        return
    danger = "two drivers on one disk corrupt it" if device.kind is DeviceKind.BLOCK else "two NICs bear one address"
    yield ObservedWarning(
        f"both-halves-of-{_noun(device)}-in-use",
        device.name,
        f"both halves of {device.name} carry traffic: {danger}",
        "boot the guest without xen_emul_unplug=unnecessary, so that it unplugs the emulated half",
    )


def neither(device: ObservedDevice) -> Iterator[ObservedWarning]:
    """The guest has no driver for any half of a device."""
    if device.use is not Use.NEITHER:
        return
    emulated = device.half(IoPath.EMULATED)
    lost = " and the emulated half is unplugged" if emulated and emulated.state is HalfState.UNPLUGGED else ""
    yield ObservedWarning(
        f"{_noun(device)}-not-taken",
        device.name,
        f"nothing in the guest drives {device.name}: its PV half was offered and not taken{lost}",
        f"load {_FRONTENDS[device.kind]} in the guest; its console (xl console) says why it did not load",
    )


def slow_backend(device: ObservedDevice) -> Iterator[ObservedWarning]:
    """A disk is served by the device model's own backend."""
    pv = device.half(IoPath.PV)
    if pv is None or pv.model != "qdisk" or device.use not in (Use.PV, Use.BOTH):
        return
    yield ObservedWarning(
        "qdisk",
        device.name,
        f"{device.name} is served by qdisk, a backend in the device model: it costs more CPU a request than blkback",
        "where the image is raw, put it on a block device and say backendtype=phy",
    )


OF_A_DEVICE: Mapping[str, Callable[[ObservedDevice], Iterator[ObservedWarning]]] = MappingProxyType(
    {
        "an emulated half in use": emulated_in_use,
        "no PV half": without_pv_half,
        "both halves in use": both_in_use,
        "no half in use": neither,
        "a backend in the device model": slow_backend,
    }
)
"""What is looked at in each device by itself."""


def grant_frames(
    devices: tuple[ObservedDevice, ...], facts: Facts, mode: GuestMode | None
) -> Iterator[ObservedWarning]:
    """Yield what dom0 can tell of how the guest's grant table is cached; only an HVM guest on AMD may have it slow."""
    uses_pv = any(device.use in (Use.PV, Use.BOTH, Use.UNKNOWN) for device in devices)
    if mode is not GuestMode.HVM or facts["host"]["vendor"] not in _AMD or not uses_pv:
        return
    if facts["domain"].get("bar_uncacheable") == "0":
        return
    yield ObservedWarning(
        "grant-frames-uncacheable",
        None,
        "the grant frames are where hvmloader makes memory uncacheable, which costs PV devices up to 4 times on AMD; "
        "whether the guest's kernel corrects that is not known from dom0",
        "with Xen 4.21 or later, or XCP-ng 8.3: xen_platform_pci_bar_uc=0 in the domain's configuration; "
        "/proc/mtrr in the guest tells what holds",
    )


def one_queue(devices: tuple[ObservedDevice, ...], facts: Facts, vcpus: int | None) -> Iterator[ObservedWarning]:
    """Yield PV devices that have one queue for many vCPUs."""
    fronts = {_listed(each): each for each in facts["devices"]}
    for device in devices:
        pv, entry = device.half(IoPath.PV), fronts.get(device.name)
        if pv is None or entry is None or pv.state is not HalfState.CONNECTED or (vcpus or 1) < 2:
            continue
        if queues(entry["front"]) == 1:
            most = entry["back"].get("multi-queue-max-queues")
            why = f"its backend would take {most}" if most and most != "1" else "its backend offers no more"
            yield ObservedWarning(
                "one-queue",
                device.name,
                f"{device.name} has one queue for {vcpus} vCPUs; {why}",
                f"max_queues of {_FRONTENDS[device.kind]} in the guest, and of the backend's module in dom0",
            )


def loop_buffered(devices: tuple[ObservedDevice, ...], facts: Facts) -> Iterator[ObservedWarning]:
    """Yield disks behind a loop device that goes through dom0's page cache."""
    for device in devices:
        loop = facts["loops"].get(device.address)
        if loop is not None and not loop["direct"]:
            yield ObservedWarning(
                "loop-buffered",
                device.name,
                f"{device.name} is {loop['file'] or 'a file'} behind {device.address}, which reads and writes through "
                "dom0's page cache",
                f"losetup --direct-io=on {device.address}, or a block device instead of a file",
            )


def _listed(entry: Mapping[str, Any]) -> str:
    return f"vif {entry['number']}" if entry["kind"] == "vif" else disk_name(entry["number"])


def _noun(device: ObservedDevice) -> str:
    return "nic" if device.kind is DeviceKind.NET else "disk"
