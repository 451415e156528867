"""HYPERVISORS: how the hosts of each hypervisor are driven. Only the wiring imports this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pvbench.model import OwnGuest, Platform
from pvbench.progress import Watch, unwatched

if TYPE_CHECKING:
    from pvbench.clock import Clock
    from pvbench.guest import GuestImage, HostDrivers
    from pvbench.hypervisor import GuestSpec, Hypervisor
    from pvbench.inventory import Host
    from pvbench.transport import Transport


@dataclass(frozen=True)
class Means:
    """What it takes to drive a host: the way to it, the host, its guests' image, the time.

    `tell` is told what could not be undone; `swapped` is the negative control; `drivers` and `own`
    (guests by name) are of one's own; `watch` is told how far long work has come.
    """

    transport: "Transport"
    host: "Host"
    guest: "GuestImage"
    clock: "Clock"
    tell: Callable[[str], None]
    swapped: bool = False
    drivers: "HostDrivers | None" = None
    own: "Mapping[str, OwnGuest]" = field(default_factory=dict)
    watch: "Watch" = unwatched


def _xen(means: Means) -> "Hypervisor":
    from pvbench.xen import XenHypervisor

    return XenHypervisor(
        means.transport,
        means.host,
        means.guest,
        means.clock,
        means.tell,
        swapped=means.swapped,
        drivers=means.drivers,
        own=means.own,
        watch=means.watch,
    )


HYPERVISORS: Mapping[str, Callable[[Means], "Hypervisor"]] = MappingProxyType({Platform.XEN: _xen})


def _xen_lints(spec: "GuestSpec") -> "tuple[str, ...]":
    from pvbench.xen.lint_boot import of_spec

    return tuple(str(finding) for finding in of_spec(spec))


LINTS: "Mapping[str, Callable[[GuestSpec], tuple[str, ...]]]" = MappingProxyType({Platform.XEN: _xen_lints})
"""Why a guest must not be booted, for each hypervisor: sentences that begin with a lint's id."""
