"""The kinds that things come in: devices, paths, guests, placements, orders, purposes, outcomes, machines."""

from enum import StrEnum


class Platform(StrEnum):
    """A hypervisor."""

    XEN = "xen"
    KVM = "kvm"


class DeviceKind(StrEnum):
    """What a device is for."""

    NET = "net"
    BLOCK = "block"


class IoPath(StrEnum):
    """How a device's I/O leaves the guest."""

    EMULATED = "emulated"
    PV = "pv"


class Placement(StrEnum):
    """One device class a boot, or both arms side by side in one boot."""

    ISOLATED = "isolated"
    COEXIST = "coexist"


class GuestMode(StrEnum):
    """How Xen runs a guest: fully virtualised, with PV interfaces alone, or as a classic PV domain."""

    HVM = "hvm"
    PVH = "pvh"
    PV = "pv"


class Order(StrEnum):
    """Whether the trials of a block are shuffled, by the run's seed, or stay as they are."""

    RANDOM = "random"
    FIXED = "fixed"


class Purpose(StrEnum):
    """What a run is for. Only a run's own figures are results, and none of these continues another."""

    RUN = "run"
    PILOT = "pilot"
    CONTROL = "control"


class Outcome(StrEnum):
    """What became of a trial."""

    OK = "ok"
    INVALID = "invalid"
    NOT_MEASURED = "not_measured"


class Emulation(StrEnum):
    """What a host itself runs on. Only like may be compared with like."""

    BARE_METAL = "bare metal"
    NESTED = "nested virtualisation"
    SOFTWARE = "software emulation"
    UNKNOWN = "virtual machine of unknown kind"
