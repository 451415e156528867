"""What any hypervisor can do for us: say what a host is, boot a guest, and bear witness to its devices."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pvbench.model import Cell, CommandRecord, HostFacts, Placement, Scalar, Witness
from pvbench.transport import Transport
from pvbench.workloads import Disk, Peer


@dataclass(frozen=True)
class GuestSpec:
    """A guest to boot: every device in it (names of DRIVERS), its size in bytes and vCPUs, its scratch disks' size.

    `name` is the boot's id, fit for a domain name; `tunables` are what it is asked for, as in `Cell`.
    """

    name: str
    devices: tuple[str, ...]
    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    tunables: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True)
class GuestRun:
    """What the tool printed in the guest, how it ended, and what the guest saw carry the traffic meanwhile."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    elapsed_s: float
    witness: Witness


class Observation(Protocol):
    """The host's side between two looks; leaving it without `witness()` is allowed."""

    def witness(self) -> Witness:
        """Look again and return what carried the traffic since the observation began."""
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
        """Run the warm-up and the tool in the guest, looking at the guest's side before and after the tool.

        Raises Unreachable when the guest is gone, CommandTimeout when the tool does not end.
        """
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
