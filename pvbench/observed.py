"""What is seen from its host of a running guest: its devices, both halves of each, and who carried the traffic."""

from dataclasses import dataclass
from enum import StrEnum

from pvbench.model import CpuBill, DeviceKind, Emulation, GuestMode, IoPath


class HalfState(StrEnum):
    """How far the guest has taken one half of a device."""

    CONNECTED = "connected"
    OFFERED = "offered, not taken"
    THERE = "there"
    UNPLUGGED = "unplugged by the guest"
    UNKNOWN = "not known"

    @property
    def usable(self) -> bool:
        """Whether the guest may be using it."""
        return self in (HalfState.CONNECTED, HalfState.THERE, HalfState.UNKNOWN)


class Use(StrEnum):
    """Which half of a device the guest uses."""

    PV = "pv"
    EMULATED = "emulated"
    BOTH = "both"
    NEITHER = "neither"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Traffic:
    """What went over half a device one way: bytes, and requests (packets of a NIC)."""

    bytes: int
    ios: int


@dataclass(frozen=True, kw_only=True)
class ObservedHalf:
    """One half of a device: emulated by the device model, or a PV frontend with its backend.

    `model` is what it is ("e1000", "qdisk"), `server` who serves it, `counted_as` what the host's counters call it.
    `from_guest` and `to_guest` are what went over it in the time that was watched; a disk's host counts both ways
    together, in `from_guest`. They are None where nothing is counted, and `uncounted` says why. `settings` are names
    and values that both ends have settled on, in the host's own words.
    """

    io_path: IoPath
    model: str
    server: str
    state: HalfState
    counted_as: str | None = None
    from_guest: Traffic | None = None
    to_guest: Traffic | None = None
    uncounted: str | None = None
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def carried(self) -> bool:
        """Whether the guest moved anything over it while it was watched."""
        return self.from_guest is not None and self.from_guest.ios > 0


@dataclass(frozen=True)
class ObservedDevice:
    """A NIC or a disk of a guest, by its name on the host; `address` is a NIC's MAC, or what backs a disk.

    `proved` says whether traffic shows what is used, not the halves' states alone.
    """

    name: str
    kind: DeviceKind
    address: str
    halves: tuple[ObservedHalf, ...]
    use: Use
    proved: bool

    def half(self, io_path: IoPath) -> ObservedHalf | None:
        """Return one half, None where the device has no such half."""
        return next((half for half in self.halves if half.io_path is io_path), None)


@dataclass(frozen=True)
class ObservedWarning:
    """What the guest's owner should know: `id` is for programs, `device` None where it is about all of the guest."""

    id: str
    device: str | None
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Observed:
    """A running guest, watched for `seconds`.

    `bill` is who used the host's CPUs meanwhile, None where the host does not tell. `emulation` is what the host runs
    on, None where it does not tell. `unknown` are sentences that say what could not be found out, and why.
    """

    host: str
    name: str
    number: int
    mode: GuestMode | None
    vcpus: int | None
    seconds: float
    devices: tuple[ObservedDevice, ...]
    bill: CpuBill | None = None
    emulation: Emulation | None = None
    warnings: tuple[ObservedWarning, ...] = ()
    unknown: tuple[str, ...] = ()
