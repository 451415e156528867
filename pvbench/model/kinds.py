"""The kinds that things come in: devices, paths, guests, placements, orders, purposes, outcomes, machines."""

from enum import StrEnum

from pvbench.model.described import Described


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
    """How a guest is run: fully virtualised, with PV interfaces alone, or, under Xen, as a classic PV domain."""

    HVM = "hvm"
    PVH = "pvh"
    PV = "pv"

    @property
    def has_emulated_devices(self) -> bool:
        """Whether such a guest has a device model that emulates devices for it."""
        return self is GuestMode.HVM


class Order(StrEnum):
    """Whether the trials of a block are shuffled, by the run's seed, or stay as they are."""

    RANDOM = "random"
    FIXED = "fixed"


class Purpose(Described):
    """What a run is for. Only a run's own figures are results, and none of these continues another."""

    RUN = "run", "Its figures are results."
    PILOT = (
        "pilot",
        "It measures how many blocks and runs a wanted width takes; its figures are no results.",
        "`pvbench pilot --of RUN` says what it found.",
    )
    CONTROL = (
        "control",
        "Its flows are sent over the wrong device on purpose, and every trial has to come out INVALID.",
        "`pvbench report RUN` says whether the proof of the path held.",
    )

    @property
    def words(self) -> str:
        """The purpose in words: "run", "pilot", "negative control"."""
        return "negative control" if self is Purpose.CONTROL else self.value


class Outcome(Described):
    """What became of a trial."""

    OK = "ok", "It was measured, and what was asked for carried the traffic."
    INVALID = "invalid", "It was measured, but it was not what was asked for.", "Its reason says what was."
    NOT_MEASURED = "not_measured", "It gave no figure.", "Its reason says why; `pvbench run --resume RUN` tries again."


class Phase(Described):
    """What takes time in a trial."""

    BOOT = "boot", "The boot, which its trials share."
    WARMUP = "warmup", "A warm-up of its own."
    TOOL = "tool", "The tool, with a warm-up within it."
    TRIAL = "trial", "The trial from first to last look."
    OVERHEAD = "overhead", "What of the trial is neither tool nor warm-up."
    TRACE = "trace", "The further pass under a trace, with what is looked at beside it."


class Emulation(StrEnum):
    """What a host itself runs on. Only like may be compared with like."""

    BARE_METAL = "bare metal"
    NESTED = "nested virtualisation"
    SOFTWARE = "software emulation"
    UNKNOWN = "virtual machine of unknown kind"
