"""Every noun of the field, frozen and hashable; validation and identity only.

A cell is one point of the matrix; a trial is one measurement of one cell in one boot; a block holds
each cell of a comparison once, close in time, on one host.
"""

import hashlib
import json
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
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


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
    """One point of the matrix. `device` names a row of DRIVERS; the workload is of the device's kind."""

    host: str
    kind: DeviceKind
    device: str
    placement: Placement
    workload: Workload

    @property
    def id(self) -> str:
        """Identity: the digest of the cell's canonical JSON."""
        return digest(asdict(self))

    @property
    def comparison(self) -> str:
        """Identity of the comparison the cell belongs to: everything but the device."""
        return digest({k: v for k, v in asdict(self).items() if k != "device"})


@dataclass(frozen=True)
class TrialSpec:
    """One measurement to be made. Trials with the same `boot` share one boot of the guest."""

    cell: Cell
    block: int
    boot: str
    position: int

    @property
    def id(self) -> str:
        """Readable identity, unique in a run and fit for a file name."""
        return f"{self.boot}-{self.cell.device}-{self.cell.id}"


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


@dataclass(frozen=True)
class Trial:
    """What came of a TrialSpec. Without readings unless the outcome is OK; with a reason unless it is OK.

    `latency_bins` is fio's sparse histogram: (bin midpoint in ns, count), merged over directions.
    `seconds` are the phases: boot, prepare, warmup, measure, overhead (controller's own), as measured.
    `started` is ISO 8601, UTC.
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

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.OK) == (self.reason is not None):
            raise ValueError("a trial has a reason exactly when it is not OK")
        if self.outcome is Outcome.OK and not self.readings:
            raise ValueError("a trial without readings is not OK")
        if self.outcome is not Outcome.OK and self.readings:
            raise ValueError("a trial that is not OK carries no readings")


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
