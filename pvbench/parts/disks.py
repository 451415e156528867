"""Rows of PARTS of a PV disk: its two ends and what drives them."""

from pvbench.model import DeviceKind
from pvbench.parts.nouns import DOM0, GUEST, OF_DEVICES, Amiss, Part, of_module

DISK_PARTS = (
    *of_module(
        "blkfront",
        GUEST,
        DeviceKind.BLOCK,
        Amiss("none", "no blkfront is loaded", "load xen-blkfront, built for this very kernel"),
    ),
    Part(
        "vbd states",
        DOM0,
        "xenstore, state",
        "Both ends of the PV disk: Connected is the only one in which it carries anything.",
        "xen/include/public/io/xenbus.h",
        kind=DeviceKind.BLOCK,
        kept=False,
        amiss=(Amiss("(?!Connected, Connected)", "the PV disk is not connected", "look into dmesg of guest and dom0"),),
    ),
    Part(
        "vbd backend",
        DOM0,
        "xenstore, /local/domain/0/backend",
        "Who serves the PV disk: vbd is blkback in the kernel, qdisk the device model, vbd3 tapdisk.",
        "xl-disk-configuration(5), backendtype",
        kind=DeviceKind.BLOCK,
        follows=OF_DEVICES,
        amiss=(Amiss("none$", "the domain has no such PV disk", "give it one: disk=['…,vdev=xvde']"),),
    ),
    Part(
        "vbd ring",
        DOM0,
        "xenstore, ring-page-order, multi-queue-num-queues",
        "Rings and their pages: 32 requests on each page.",
        "xen/include/public/io/blkif.h",
        kind=DeviceKind.BLOCK,
        follows=("queues", "ring_pages", "vcpus", "dom0_vcpus", "backends", *OF_DEVICES),
    ),
    Part(
        "vbd features",
        DOM0,
        "xenstore, feature-* of both ends",
        "Persistent grants (both ends want them), segments of an indirect request, flush, discard, barrier.",
        "xen/include/public/io/blkif.h",
        kind=DeviceKind.BLOCK,
        follows=("persistent_grants", "indirect_segments", "frontends", "backends", "guest", *OF_DEVICES),
    ),
    *of_module(
        "blkback",
        DOM0,
        DeviceKind.BLOCK,
        Amiss("none", "dom0 has no blkback", "modprobe xen-blkback in dom0, or have qdisk serve the disk"),
    ),
)
