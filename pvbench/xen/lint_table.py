"""LINTS: what a guest's devices must not be, each with a sentence, a reason and where that is from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    """What is done about it."""

    REFUSED = "refused"
    WARNED = "warned of"
    MENDED = "mended by import-config"


@dataclass(frozen=True)
class Lint:
    """A row of LINTS: what is wrong in a sentence, why that is so, and the document or header that says it."""

    id: str
    severity: Severity
    sentence: str
    reason: str
    source: str


_ROWS = (
    Lint(
        id="store-as-ide-and-pv",
        severity=Severity.REFUSED,
        sentence="One backing store is reachable both as an emulated disk and as a PV disk.",
        reason="the guest caches it twice and the file system on it is lost; it does not know that the two are one",
        source="xen-vbd-interface(7); docs/misc/hvm-emulated-unplug.pandoc",
    ),
    Lint(
        id="store-in-two-disks",
        severity=Severity.REFUSED,
        sentence="One backing store is in two disks of a guest, and one of them may write.",
        reason="each driver caches and writes it as if it were its own alone",
        source="xl-disk-configuration(5), target",
    ),
    Lint(
        id="one-index-twice",
        severity=Severity.REFUSED,
        sentence="Two disks have one index on one bus: hda and xvda are one place.",
        reason="libxl gives xvda to xvdd of an HVM guest to the IDE controller, as hda to hdd",
        source='libxl_dm.c, "translate devices 0..3 into hd[a-d]"',
    ),
    Lint(
        id="pv-disk-on-ide",
        severity=Severity.REFUSED,
        sentence="A disk that is meant to be PV alone has a name that the emulated controller takes as well.",
        reason="below xvde (xvdg with hdtype=ahci) an HVM guest gets the disk emulated too",
        source="xen-vbd-interface(7); libxl_dm.c",
    ),
    Lint(
        id="one-mac-two-nics",
        severity=Severity.REFUSED,
        sentence="An emulated and a PV NIC, or two NICs of a kind, have one MAC address.",
        reason="where nothing is unplugged both answer for it, and a bridge hands frames to whichever spoke last",
        source="IEEE 802.1D, 7.8; xl-network-configuration(5), mac",
    ),
    Lint(
        id="ahci-not-unplugged",
        severity=Severity.REFUSED,
        sentence="An AHCI disk has a device model that cannot unplug it.",
        reason="QEMU unplugs AHCI disks since 8.2; before that the guest has the same disk twice",
        source="QEMU, hw/i386/xen/xen_platform.c, 8.2; docs/system/i386/xen.rst",
    ),
    Lint(
        id="ahci-device-model-unknown",
        severity=Severity.WARNED,
        sentence="An AHCI disk needs QEMU 8.2 or later on the host.",
        reason="an older one does not unplug it, and the guest has the same disk twice",
        source="QEMU, hw/i386/xen/xen_platform.c, 8.2; docs/system/i386/xen.rst",
    ),
    Lint(
        id="no-driver-for-emulated",
        severity=Severity.REFUSED,
        sentence="The guest's kernel has no driver for an emulated device that it is given.",
        reason="a kernel for clouds has the PV frontends, and neither e1000 nor 8139cp",
        source="Debian's linux-image-*-cloud-amd64, CONFIG_E1000, CONFIG_8139CP",
    ),
    Lint(
        id="phy-not-raw",
        severity=Severity.REFUSED,
        sentence="blkback (phy) is asked for an image that is not raw.",
        reason="blkback hands on what is there, so that the guest would see the image format's own headers as its disk",
        source="xl-disk-configuration(5), backendtype; libxl_device.c, disk_try_backend",
    ),
    Lint(
        id="read-only-on-ide",
        severity=Severity.REFUSED,
        sentence="A read-only disk is behind the emulated IDE or AHCI controller.",
        reason="neither knows read-only disks, and libxl refuses to start the guest",
        source='libxl_dm.c, "qemu-xen doesn\'t support read-only IDE/AHCI disk drivers"',
    ),
    Lint(
        id="second-emulated-nic",
        severity=Severity.MENDED,
        sentence="A NIC without a type stands beside one that says type=ioemu.",
        reason="in 2006 it was a PV NIC; xl makes it a second emulated one",
        source="xl-network-configuration(5), type",
    ),
    Lint(
        id="hde-is-no-name",
        severity=Severity.MENDED,
        sentence="hde and later are no names of disks.",
        reason="libxl knows hda to hdd alone, and blkfront takes no other IDE major; xvde is the first PV disk",
        source="xen-vbd-interface(7); drivers/block/xen-blkfront.c",
    ),
)
LINTS: Mapping[str, Lint] = MappingProxyType({row.id: row for row in _ROWS})
