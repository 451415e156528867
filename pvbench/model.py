"""Every noun of the field, frozen and hashable; validation and identity only.

A cell is one point of the matrix; a trial is one measurement of one cell in one boot; a block holds
each cell of a comparison once, close in time, on one host.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

Scalar = str | int | float | bool


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


def canonical(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object, length: int = 12) -> str:
    """Return the first `length` hex digits of the SHA-256 of the canonical JSON."""
    # A lone surrogate, which text from outside may hold, counts as the escape that JSON writes for it.
    return hashlib.sha256(canonical(value).encode(errors="backslashreplace")).hexdigest()[:length]


@dataclass(frozen=True)
class Workload:
    """What is run: a tool and its parameters in base units (bytes, seconds, bit/s), sorted by name."""

    tool: str
    params: tuple[tuple[str, Scalar], ...]

    def __post_init__(self) -> None:
        if list(self.params) != sorted(self.params):
            raise ValueError("parameters are sorted by name")

    def __getitem__(self, name: str) -> Scalar:
        return dict(self.params)[name]

    @property
    def id(self) -> str:
        """Identity: equal tool and parameters, equal id."""
        return digest([self.tool, dict(self.params)])


@dataclass(frozen=True)
class Cell:
    """One point of the matrix. `device` names a row of DRIVERS; the workload is of the device's kind.

    `tunables` are what its boot is asked for (names of TUNABLES), sorted by name; every device is measured at each.
    """

    host: str
    kind: DeviceKind
    device: str
    placement: Placement
    workload: Workload
    tunables: tuple[tuple[str, Scalar], ...] = ()

    def __post_init__(self) -> None:
        if list(self.tunables) != sorted(self.tunables):
            raise ValueError("tunables are sorted by name")

    @property
    def id(self) -> str:
        """Identity: the digest of the cell's canonical JSON."""
        return digest(self._facts())

    @property
    def comparison(self) -> str:
        """Identity of the comparison the cell belongs to: everything but the device."""
        return digest({k: v for k, v in self._facts().items() if k != "device"})

    def _facts(self) -> dict[str, Any]:
        # Without tunables the identity is what it was before cells had any.
        return {k: v for k, v in asdict(self).items() if k != "tunables" or v}


@dataclass(frozen=True)
class TrialSpec:
    """One measurement to be made. Trials with the same `boot` share one boot of the guest.

    `run` counts repeats within a boot from 1. A `twin` measures its cell a second time as if it were another arm: what
    the two differ by is the campaign's own noise.
    """

    cell: Cell
    block: int
    boot: str
    position: int
    run: int = 1
    twin: bool = False

    @property
    def id(self) -> str:
        """Readable identity, unique in a run and fit for a file name; it ends with the cell's id."""
        repeat = f"-r{self.run}" if self.run > 1 else ""
        return f"{self.boot}-{self.cell.device}{'-twin' if self.twin else ''}{repeat}-{self.cell.id}"

    def traced(self, blocks: int) -> bool:
        """Whether a further pass under a trace follows: once a boot for a cell, in so many blocks from the first."""
        return self.block <= blocks and self.run == 1 and not self.twin


@dataclass(frozen=True)
class Reading:
    """One value of one metric (a name in METRICS, in that metric's unit) from one trial."""

    metric: str
    value: float


@dataclass(frozen=True)
class CommandRecord:
    """A command line that was run for a trial: where, what, how it ended, seconds it took."""

    where: str
    argv: tuple[str, ...]
    exit_code: int | None
    elapsed_s: float | None


@dataclass(frozen=True)
class RawFile:
    """A tool's output kept verbatim: path relative to the run folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    size_bytes: int


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
    DOM0 = "rest of dom0"
    OTHERS = "other domains"
    IDLE = "idle"


@dataclass(frozen=True)
class CpuBill:
    """CPU seconds by payer between two looks of the host, `wall_s` apart, on `cpus` physical CPUs.

    `ios` and `moved_bytes` are what the device under test did in that same window, None where the host cannot tell.
    Xen charges the hypervisor's work for a vCPU to its domain, so there is no payer of that name; what is missing to
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
    """What the measured domain did in `traced_s` seconds of steady load, in a pass of its own, from xentrace.

    `ios` is how many I/Os (or packets) the device completed meanwhile. `counts` are (what, how often): exits by reason
    ("exit: port I/O"), notifications, grant operations, device-model round trips. `away` are (reason, seconds) that the
    vCPU spent outside the guest because of those exits, waiting included. `lost` records make every count a lower
    bound. `slowdown` is the rate untraced ÷ traced; `recorded_bytes` is what Xen wrote of all domains meanwhile.
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

    def per_io(self, what: str) -> float | None:
        """Return how often something happened for one I/O; None where no I/O was seen."""
        return dict(self.counts).get(what, 0) / self.ios if self.ios else None


@dataclass(frozen=True)
class TrapCost:
    """What one primitive operation took in the guest in one round, as (ns, count) pairs, ascending."""

    name: str
    bins: tuple[tuple[int, int], ...]


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


PHASES = ("boot", "warmup", "tool", "trial", "overhead", "trace")
"""What takes time: the boot (shared by its trials), a warm-up of its own, the tool (a warm-up within it included), the
trial from first to last look, what of it is neither tool nor warm-up, and the further pass under a trace."""


@dataclass(frozen=True)
class Trial:
    """What came of a TrialSpec. Without readings unless the outcome is OK; with a reason unless it is OK.

    `latency_bins` is fio's sparse histogram: (bin midpoint in ns, count), merged over directions.
    `seconds` are PHASES as measured, those there were.
    `started` is ISO 8601, UTC. `flags` say what a reader should know of a trial that counts all the same ("unsteady:
    …", "foreign load: …"). `windows` are the rates of equal parts of the measurement, in the primary metric's unit.
    `ceiling` is what the same load gave on the backing store itself, in dom0. `booted` is when its boot began,
    written as `started`: trials of one boot share it, and those of a later one under the same name do not. `attempt`
    counts from 1 the times that a pair (all arms of a workload in a boot) was measured because it was disturbed;
    `disturbance` is what else ran meanwhile: (source, share of that machine's CPU time), those that could be told.
    """

    spec: TrialSpec
    outcome: Outcome
    reason: str | None
    started: str
    readings: tuple[Reading, ...] = ()
    latency_bins: tuple[tuple[int, int], ...] = ()
    witnesses: tuple[Witness, ...] = ()
    cache_mode: str | None = None
    commands: tuple[CommandRecord, ...] = ()
    raw: tuple[RawFile, ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()
    flags: tuple[str, ...] = ()
    windows: tuple[float, ...] = ()
    granted: tuple[Granted, ...] = ()
    bill: CpuBill | None = None
    mechanism: Mechanism | None = None
    traps: tuple[TrapCost, ...] = ()
    ceiling: tuple[Reading, ...] = ()
    booted: str | None = None
    attempt: int = 1
    disturbance: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.OK) == (self.reason is not None):
            raise ValueError("a trial has a reason exactly when it is not OK")
        if self.outcome is Outcome.OK and not self.readings:
            raise ValueError("a trial without readings is not OK")
        if self.outcome is not Outcome.OK and self.readings:
            raise ValueError("a trial that is not OK carries no readings")

    @property
    def took_s(self) -> float | None:
        """The seconds it took, a pass under a trace included and the boot, which others share, not."""
        seconds = dict(self.seconds)
        return seconds["trial"] + seconds.get("trace", 0.0) if "trial" in seconds else None


@dataclass(frozen=True)
class HostFacts:
    """What a host is. `identity` is what must not change within a run; `labels` go beside every figure."""

    name: str
    emulation: Emulation
    machine: str
    hypervisor: str
    kernel: str
    cpu: str
    cpus: int
    memory_bytes: int
    speed: float
    details: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> str:
        """Digest of everything but the measured speed, which differs from probe to probe."""
        facts = asdict(self)
        del facts["speed"]
        return digest(facts)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` wrote."""
        fields = dict(data)
        fields["emulation"] = Emulation(fields["emulation"])
        fields["details"] = tuple((str(k), str(v)) for k, v in fields["details"])
        return cls(**fields)


@dataclass(frozen=True)
class GuestImage:
    """A bootable guest on the controller: its boot disk and boot ROM (paths), what they hold, its pinned host key."""

    name: str
    boot_disk: str
    boot_rom: str
    digest: str
    host_key: str
    versions: tuple[tuple[str, str], ...] = ()
