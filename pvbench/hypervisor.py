"""What any hypervisor can do for us: say what a host is, boot a guest, and bear witness to its devices."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pvbench.model import Cell, CommandRecord, CpuBill, Granted, HostFacts, Placement, Scalar, TrapCost, Witness
from pvbench.transport import Transport
from pvbench.workloads import Disk, Peer

MACHINE_ID = "machine id"
"""The detail of a host's facts that says which machine it is, as a digest."""


@dataclass(frozen=True)
class GuestSpec:
    """A guest to boot: every device in it (names of DRIVERS), its size in bytes and vCPUs, its scratch disks' size.

    `name` is the boot's id, fit for a domain name; `tunables` are what it is asked for, as in `Cell`. With
    `peer` a second guest is booted beside it, for workloads between guests.
    """

    name: str
    devices: tuple[str, ...]
    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    tunables: tuple[tuple[str, Scalar], ...] = ()
    peer: bool = False


@dataclass(frozen=True)
class Recording:
    """A trace of a moment of load, and how much the device under test did around it.

    `data` is the file verbatim, `domid` the domain's number in it, `mhz` the rate of its time stamps (None if unknown);
    `ios` counts the I/Os (or packets) that the device completed in the `window_s` seconds around it; `printed` is what
    the tool that made the load said of it, None where that was not kept.
    """

    data: bytes
    domid: int
    mhz: float | None
    ios: int
    window_s: float
    printed: bytes | None = None


@dataclass(frozen=True)
class GuestRun:
    """What the tool printed and logged in the guest, how it ended, and what the guest saw carry the traffic.

    `warmup` is the run before it that warmed up, None where there was none of its own; `steal` the share of the time
    that the guest's vCPUs waited for a CPU of the host, None where that cannot be told from waiting for the device.
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

    @property
    def warmup_s(self) -> float | None:
        """What a warm-up of its own took; None where there was none."""
        return self.warmup.elapsed_s if self.warmup else None


class Observation(Protocol):
    """The host's side between two looks; leaving it without `witness()` is allowed."""

    def witness(self) -> Witness:
        """Look again and return what carried the traffic since the observation began."""
        ...

    def bill(self) -> CpuBill | None:
        """Return who used the host's CPUs between the two looks; None before `witness()` or where nothing tells."""
        ...

    def disturbance(self) -> tuple[tuple[str, float], ...]:
        """Return what else ran on the host between the looks: (source of pvbench.disturbance, share of its CPUs)."""
        ...

    def granted(self) -> tuple[Granted, ...]:
        """Return what of the boot's tunables is in force on the device; empty before `witness()`."""
        ...

    def taints(self) -> tuple[str, ...]:
        """Return what else ran on the host between the two looks, in words, and should not have."""
        ...


class Guest(Protocol):
    """A running guest that answers."""

    transport: Transport
    boot_seconds: float
    commands: tuple[CommandRecord, ...]

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        """Return what a cell's tool aims at: the disk's path and size, or the peer's addresses and port."""
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

    def record(self, device: str, argv: tuple[str, ...], delay_s: float, seconds: float) -> Recording:
        """Run the tool in the guest and, `delay_s` after its start, have the host record a trace for `seconds`.

        Raises BootError where the host cannot trace, and what `execute` raises.
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


class Hypervisor(Protocol):
    """A host with a hypervisor, reached over a transport and held by a lease."""

    def facts(self) -> HostFacts:
        """Probe the host. Raises BootError when it cannot run guests at all, saying what is missing."""
        ...

    def setup(self, scratch_bytes: int, devices: tuple[str, ...]) -> AbstractContextManager[None]:
        """Make what every boot of a run needs (files, scratch disks, bridge, peers); undo it on leaving."""
        ...

    def boot(self, spec: GuestSpec) -> AbstractContextManager[Guest]:
        """Create the domain, wait until the guest answers; destroy it on leaving. Raises BootError."""
        ...
