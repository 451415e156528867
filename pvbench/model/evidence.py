"""What both sides saw of a trial: who carried its traffic, who used the CPUs, what its I/O took, what was granted."""

import math
from dataclasses import dataclass
from enum import StrEnum

from pvbench.histogram import Bins


@dataclass(frozen=True)
class Witness:
    """What one side (guest or host) says carried the traffic between the two observations.

    `driver` is the kernel's name of what is bound (e1000, vif, ata_piix, vbd, …); `asked_bytes` and
    `all_bytes` are counter differences of the device asked for and of every device of its kind, None
    where that side could not tell. `facts` is everything else worth keeping, as flat text (xenstore
    keys, sysfs links, device-model argv).
    """

    side: str
    driver: str | None
    asked_bytes: int | None
    all_bytes: int | None
    asked_ios: int | None = None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def share(self) -> float | None:
        """The share of the traffic that the device asked for carried, 0 to 1; None if nothing was seen."""
        if not self.all_bytes or self.asked_bytes is None:
            return None
        return self.asked_bytes / self.all_bytes


class Payer(StrEnum):
    """Who used a host's processors."""

    GUEST = "guest vCPU"
    DEVICE_MODEL = "device model"
    BACKEND = "backend threads"
    PEER = "peer of the test"
    HOST = "rest of the host"
    OTHERS = "other guests"
    IDLE = "idle"


@dataclass(frozen=True)
class CpuBill:
    """CPU seconds by payer between two looks of the host, `wall_s` apart, on `cpus` physical CPUs.

    `ios` and `moved_bytes` are what the device under test did in that same window, None where the host cannot tell.
    The hypervisor's work for a vCPU is charged to its guest, so there is no payer of that name; what is missing to
    wall clock × CPUs is `unaccounted_s` (interrupts, scheduling), negative where the clocks overlap.
    """

    wall_s: float
    cpus: int
    paid: tuple[tuple[Payer, float], ...]
    ios: int | None = None
    moved_bytes: int | None = None

    @property
    def unaccounted_s(self) -> float:
        """What is missing to wall clock × CPUs, in CPU seconds."""
        return self.wall_s * self.cpus - sum(seconds for _, seconds in self.paid)


@dataclass(frozen=True)
class Mechanism:
    """What the measured guest did in `traced_s` seconds of steady load, in a pass of its own.

    `ios` is how many I/Os (or packets) the device completed meanwhile. `counts` are (what, how often): exits by reason
    ("exit: port I/O"), notifications, grant operations, device-model round trips. `away` are (reason, seconds) that the
    vCPU spent outside the guest because of those exits, waiting included. `lost` records make every count a lower
    bound. `slowdown` is the rate untraced ÷ traced; `recorded_bytes` is what the host recorded of all guests meanwhile.
    """

    traced_s: float
    ios: float
    counts: tuple[tuple[str, int], ...]
    away: tuple[tuple[str, float], ...] = ()
    lost: int = 0
    slowdown: float | None = None
    recorded_bytes: int | None = None

    def __post_init__(self) -> None:
        told = *self.counts, *self.away, ("", self.slowdown or 0), ("", self.recorded_bytes or 0)
        numbers = self.traced_s, self.ios, self.lost, *(number for _, number in told)
        if not all(0 <= number < math.inf for number in numbers):
            raise ValueError("what a trace says is finite and not below 0")

    def per_io(self, name: str) -> float | None:
        """Return how often something happened for one I/O; None where no I/O was seen."""
        return dict(self.counts).get(name, 0) / self.ios if self.ios else None


@dataclass(frozen=True)
class TrapCost:
    """What one primitive operation took in the guest in one round, as (ns, count) pairs, ascending."""

    name: str
    bins: Bins


@dataclass(frozen=True)
class Granted:
    """A tunable that was asked for and what both ends settled on, read back; `got` is None where nothing tells."""

    name: str
    asked: str
    got: str | None

    @property
    def kept(self) -> bool:
        """Whether what was asked for is what is in force."""
        return self.asked == self.got
