"""What a matrix says, every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvbench.model import Contrast, DeviceKind, DriverSource, GuestMode, Order, OwnGuest, Placement, Scalar, Workload


@dataclass(frozen=True)
class RunSettings:
    """How often and in which order everything is measured; `settle_s` is a pause before each measurement.

    `twins` is the share of the blocks, 0 to 1, in which one device of each kind is measured twice; `traces` is how many
    blocks, the first ones, carry a further pass of each cell under a trace. Of each stack guests are booted
    `boots_per_deployment` times before another one.
    """

    blocks: int
    order: Order
    seed: int
    settle_s: float
    runs_per_boot: int = 1
    twins: float = 0.0
    traces: int = 1
    boots_per_deployment: int = 1


@dataclass(frozen=True)
class GuestSettings:
    """What the guest is given. `images` are what it boots from, None for the builtin one; each is measured."""

    images: tuple[OwnGuest | None, ...]
    memory_bytes: int
    vcpus: int


@dataclass(frozen=True)
class Matrix:
    """What is to be measured. `contrasts` are what is compared with what, one a factor; `modes` are those of the guest.

    `stacks` are names of what was deployed onto the hosts, which boot one after the other; without any a host stays as
    it is found.

    `text` is the file as it was written; `digest` identifies what it says, whatever its layout and comments.
    `tunables` are swept: every cell is measured at each combination of their values. `frontends` and `backends` are
    what the drivers are built of, None for those of the kernel; they are swept alike.
    """

    hosts: tuple[str, ...]
    devices: Mapping[DeviceKind, tuple[str, ...]]
    placement: Placement
    workloads: tuple[Workload, ...]
    run: RunSettings
    contrasts: tuple[Contrast, ...]
    guest: GuestSettings
    scratch_bytes: int
    text: str
    digest: str
    tunables: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    modes: tuple[GuestMode, ...] = (GuestMode.HVM,)
    frontends: tuple[DriverSource | None, ...] = (None,)
    backends: tuple[DriverSource | None, ...] = (None,)
    stacks: tuple[str, ...] = ()
