"""Rows of PARTS of a PV NIC: its two ends and what drives them."""

from pvbench.model import DeviceKind
from pvbench.parts.nouns import DOM0, GUEST, OF_DEVICES, OF_MODULES, Amiss, Part, of_module

NIC_PARTS = (
    *of_module(
        "netfront",
        GUEST,
        DeviceKind.NET,
        Amiss("none", "no netfront is loaded", "load xen-netfront, built for this very kernel"),
    ),
    Part(
        "spurious-interrupt fix",
        GUEST,
        "/proc/version",
        "Whether this kernel's netfront asks for an interrupt only where one is due: up to 2.5 times on AMD.",
        "xen/netfront: Fix TX response spurious interrupts, in Linux 6.17 and stable kernels since 2025-08",
        kind=DeviceKind.NET,
        follows=OF_MODULES,
        amiss=(
            Amiss(
                "no$",
                "netfront is interrupted for nothing",
                "use Linux 6.17, or 5.10.241, 5.15.190, 6.1.149, 6.6.103, 6.12.43, 6.15.11, 6.16.2 or later of theirs",
                dear=True,
            ),
        ),
    ),
    Part(
        "vif states",
        DOM0,
        "xenstore, state",
        "Both ends of the PV NIC: Connected is the only one in which it carries anything.",
        "xen/include/public/io/xenbus.h",
        kind=DeviceKind.NET,
        kept=False,
        amiss=(Amiss("(?!Connected, Connected)", "the PV NIC is not connected", "look into dmesg of guest and dom0"),),
    ),
    Part(
        "vif backend",
        DOM0,
        "xenstore, /local/domain/0/backend",
        "Who serves the PV NIC.",
        "xen/include/public/io/netif.h",
        kind=DeviceKind.NET,
        follows=OF_DEVICES,
        amiss=(Amiss("none$", "the domain has no such PV NIC", "give it one: vif=['type=vif,bridge=…']"),),
    ),
    Part(
        "receive by copy",
        DOM0,
        "xenstore, request-rx-copy, feature-rx-copy, feature-rx-flip",
        "Packets are copied into the guest's pages; of the page flipping of 2006 nothing is left.",
        "drivers/net/xen-netback/xenbus.c",
        kind=DeviceKind.NET,
        follows=OF_DEVICES,
        amiss=(Amiss("not requested", "netback serves no frontend without it", "use a netfront of Linux 2.6.18 on"),),
    ),
    Part(
        "vif queues",
        DOM0,
        "xenstore, multi-queue-num-queues",
        "Pairs of rings, one CPU of each side busy with each; and whether sending has an event channel of its own.",
        "xen/include/public/io/netif.h",
        kind=DeviceKind.NET,
        follows=("queues", "vcpus", "dom0_vcpus", "backends", *OF_DEVICES),
    ),
    Part(
        "vif features",
        DOM0,
        "xenstore, feature-* of both ends",
        "What both ends agreed on: scatter-gather, segmentation, checksums, multicast, control ring.",
        "xen/include/public/io/netif.h",
        kind=DeviceKind.NET,
        follows=("offloads", "frontends", "backends", "guest", *OF_DEVICES),
    ),
    *of_module("netback", DOM0, DeviceKind.NET, Amiss("none", "dom0 has no netback", "modprobe xen-netback in dom0")),
)
