"""What any hypervisor can do for us: say what a host is, boot a guest, and bear witness to its devices."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pvbench.checkup import Ability
from pvbench.model import (
    BUILTIN_GUEST,
    STOCK,
    Cell,
    CommandRecord,
    CpuBill,
    Flag,
    Granted,
    GuestMode,
    HostFacts,
    ImageDigests,
    Mechanism,
    OwnGuest,
    Placement,
    Scalar,
    TrapCost,
    Witness,
)
from pvbench.observed import Observed
from pvbench.transport import Transport
from pvbench.workloads import Disk, Peer

MACHINE_ID = "machine id"
"""The detail of a host's facts that says which machine it is, as a digest."""
KERNEL_VERSION = "kernel version"
"""The detail that says the version of the host's kernel, as `uname -v` does: it names the package of a distribution."""
GUEST_MODES = "guest modes"
"""The detail that says which modes of guests the host can run: "hvm, pvh, pv"."""


@dataclass(frozen=True)
class GuestSpec:
    """A guest to boot: every device in it (names of DRIVERS), its size in bytes and vCPUs, its scratch disks' size.

    `name` is the boot's id, fit for the name of a guest; `tunables` are what it is asked for, as in `Cell`. With
    `peer` a second guest is booted beside it, for workloads between guests. It is run in `mode`. `frontends` and
    `backends` are as in `Arm`, and `guest`, the image's name.
    """

    name: str
    devices: tuple[str, ...]
    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    tunables: tuple[tuple[str, Scalar], ...] = ()
    peer: bool = False
    mode: GuestMode = GuestMode.HVM
    frontends: str = STOCK
    backends: str = STOCK
    guest: str = BUILTIN_GUEST


@dataclass(frozen=True)
class TracedLoad:
    """A load that is run once more while the host records what its guest does.

    The recording begins `delay_s` seconds after the tool's start and takes `seconds`. `untraced_rate` is how many I/Os
    (packets) a second the device completed without it, None if unknown. `check` is called with what the tool printed
    and raises ParseError where that says that there was no load.
    """

    argv: tuple[str, ...]
    delay_s: float
    seconds: float
    untraced_rate: float | None
    check: Callable[[bytes], object]


@dataclass(frozen=True)
class TracePass:
    """What a recording came to, and the raw files of it that are worth keeping, as (file name, content)."""

    mechanism: Mechanism
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class HostEvidence:
    """What the host tells of the time between two looks.

    `witness` says what carried the traffic, `bill` who used the CPUs (None where nothing tells), `disturbance` what
    else ran as (source of pvbench.disturbance, share of its CPUs), `granted` what of the boot's tunables is in force on
    the device; `flags` are what else a reader should know of it.
    """

    witness: Witness
    bill: CpuBill | None = None
    disturbance: tuple[tuple[str, float], ...] = ()
    granted: tuple[Granted, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class GuestRun:
    """What the tool printed and logged in the guest, how it ended, and what the guest saw carry the traffic.

    `warmup` is the run before it that warmed up, None where there was none of its own; `steal` the share of the time
    that the guest's vCPUs waited for a CPU of the host, None where that cannot be told from waiting for the device;
    `mode` is what the guest's kernel says it runs as, None where it does not say.
    """

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    elapsed_s: float
    witness: Witness
    log: bytes = b""
    warmup: "GuestRun | None" = None
    steal: float | None = None
    mode: GuestMode | None = None

    @property
    def warmup_s(self) -> float | None:
        """What a warm-up of its own took; None where there was none."""
        return self.warmup.elapsed_s if self.warmup else None


class Observation(Protocol):
    """The host's side between two looks; leaving it without `finish()` is allowed."""

    def finish(self) -> HostEvidence:
        """Look for the second time and return what the host tells of the time since the first."""
        ...


class Guest(Protocol):
    """A running guest that answers."""

    transport: Transport
    boot_seconds: float
    commands: tuple[CommandRecord, ...]

    def rest(self) -> None:
        """Wait until the guest does nothing by itself; what it still does then is a flag of all that is measured."""
        ...

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        """Return what a cell's tool aims at: the disk's path and size, or the peer's addresses and port."""
        ...

    def in_use(self, device: str) -> tuple[tuple[str, str], ...]:
        """Return what the boot has in use of the stack for a device, as (name in PARTS, value), those it could tell.

        Guest and host are asked once a boot. A device that is not the guest's is served by nothing.
        """
        ...

    def facts(self, tools: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return what the guest says it is, as (a fact of pvbench.parts.guest_facts, what was found), those it tells.

        `tools` are those of WORKLOADS whose versions are wanted, as they would run. It is asked now, by one command.
        """
        ...

    def cache_mode(self, device: str) -> str | None:
        """Return how the host caches the device's backing, in words; None for a NIC."""
        ...

    def observe(self, device: str) -> Observation:
        """Drop the host's caches of the device's backing and look at the host's side for the first time."""
        ...

    def execute(self, device: str, warmup: tuple[str, ...] | None, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        """Run the warm-up and the tool in the guest, looking at the guest's side before and after each.

        Raises Unreachable when the guest is gone, CommandTimeout when the tool does not end.
        """
        ...

    def patience(self, usual_s: float) -> float:
        """Return a time-out in seconds for what takes `usual_s` on an ordinary host."""
        ...

    def trace(self, device: str, load: TracedLoad) -> TracePass:
        """Run the load in the guest while the host records, and return what one I/O (packet) of it takes.

        Raises BootError where the host cannot trace, TraceError where the recording tells nothing of the guest,
        ParseError where there was no load, and what `execute` raises.
        """
        ...

    def on_backing(
        self, cell: Cell, seed: int, argv: Callable[[Disk], tuple[str, ...]], timeout_s: float
    ) -> bytes | None:
        """Run a tool on the host, against the backing store of the cell's disk, with the host's caches dropped.

        Returns what it printed; None for a NIC, or where the host does not have the tool.
        """
        ...

    def traps(self) -> tuple[TrapCost, ...]:
        """Return what primitive operations cost in this guest now, an entry a round; empty where it cannot tell."""
        ...


@dataclass(frozen=True)
class HostCheck:
    """What a host is, None where its hypervisor does not run, and what it lacks to run guests: (what, its mending).

    `notes` are what of it differs from host to host, by name; `abilities` what can be done on one of its kind.
    """

    facts: HostFacts | None
    lacks: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    abilities: tuple[Ability, ...] = ()


class Hypervisor(Protocol):
    """A host with a hypervisor, reached over a transport and held by a lease."""

    def check(self) -> HostCheck:
        """Probe the host and say what it is and what it lacks; nothing is created there but our own programs."""
        ...

    def observe(self, domain: str, seconds: float) -> Observed:
        """Watch a running guest, by its name or number and whoever's it is; nothing is changed there.

        It takes `seconds` in all, with what it takes to ask the host. Raises UsageError for one that is not there.
        """
        ...

    def facts(self) -> HostFacts:
        """Probe the host. Raises BootError when it cannot run guests at all, saying what is missing."""
        ...

    def images(self) -> tuple[OwnGuest, ...]:
        """Put images of one's own on the host, or look at those that lie there, and return their guests.

        Raises DeployError, ImageError.
        """
        ...

    def image_digests(self) -> tuple[ImageDigests, ...]:
        """Return what those images are now, beside what they were."""
        ...

    def setup(
        self, scratch_bytes: int, devices: tuple[str, ...], modes: tuple[GuestMode, ...] = (GuestMode.HVM,)
    ) -> AbstractContextManager[None]:
        """Make what every boot of a run needs (files, scratch disks, bridge, peers); undo it on leaving.

        Its guests have these devices, and are of these modes.
        """
        ...

    def boot(self, spec: GuestSpec) -> AbstractContextManager[Guest]:
        """Create the guest and wait until it answers; destroy it on leaving. Raises BootError."""
        ...
