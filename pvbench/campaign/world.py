"""What a campaign needs of the world outside: hosts that are ours for a while, a guest image, a clock, who watches."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pvbench.campaign.campaign import Site
from pvbench.campaign.pace import Pace
from pvbench.campaign.progress import Progress
from pvbench.clock import Clock
from pvbench.disturbance import Beneath
from pvbench.guest import STOCK_DRIVERS, Drivers, GuestImage
from pvbench.hypervisor import Hypervisor
from pvbench.inventory import Host
from pvbench.model import DeployedStack, DriverSource, HostFacts, OwnGuest
from pvbench.progress import Watch


@dataclass(frozen=True)
class HeldHost:
    """A host that is ours: its hypervisor, and how to hold on to it.

    `beneath` looks at the clocks of the machine that the host runs on; None where nothing tells, or it is hardware.
    """

    hypervisor: Hypervisor
    renew: Callable[[], None]
    beneath: Callable[[], Beneath | None] = lambda: None


class HostStacks(Protocol):
    """The stacks that were deployed onto one host."""

    def deployed(self, names: Sequence[str]) -> tuple[DeployedStack, ...]:
        """Return stacks by their names. Raises StackError for one that was never deployed there."""
        ...

    def switching(self) -> AbstractContextManager[Callable[[str], None]]:
        """Give what boots the host into one of them, by its id, anew each time; on leaving it gets back what it had.

        What is given raises StackError where that stack did not come up.
        """
        ...


Hold = Callable[[str], AbstractContextManager[HeldHost]]
"""Gives a host by its name: reached, leased, cleaned; given back on leaving."""


@dataclass(frozen=True)
class Edges:
    """What visits to hosts touch of the world: how a host is held, the clock, who watches, the stacks of a host.

    `drivers` are those that were built.
    """

    hold: Hold
    clock: Clock
    progress: Progress
    stacks: Callable[[str], HostStacks]
    drivers: Drivers = STOCK_DRIVERS


class World(Protocol):
    """The world of a campaign. The command line wires the real one; a test makes one up."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def watch(self) -> Watch:
        """Who is told how far long work has come."""
        ...

    def guest_image(self) -> GuestImage:
        """Return the guest's image, built if need be."""
        ...

    def frontends(self, sources: Sequence[DriverSource], guest: GuestImage) -> Drivers:
        """Build frontends for the guest's kernel, and guests with them."""
        ...

    def backends(self, sources: Sequence[DriverSource], hosts: Sequence[HostFacts]) -> Drivers:
        """Build backends for the kernel of each host."""
        ...

    def hosts(self, names: tuple[str, ...]) -> Mapping[str, Host]:
        """Return hosts by their names; one that can be brought up is up then."""
        ...

    def facts(self, host: Host, guest: GuestImage) -> HostFacts:
        """Ask a host what it is."""
        ...

    def images(self, host: Host, guest: GuestImage, own: Sequence[OwnGuest]) -> tuple[OwnGuest, ...]:
        """Put images of one's own on a host, and return their guests as they are there."""
        ...

    def stacks(self, host: Host, purpose: str) -> HostStacks:
        """Return the stacks of a host; `purpose` is what another controller is told while one is booted."""
        ...

    def holding(self, site: Site, purpose: str) -> Hold:
        """Return how a host of the site is held; `purpose` is what another controller is told."""
        ...

    def watching(self, pace: Pace, blocks: int) -> AbstractContextManager[Progress]:
        """Give what is told of a run's progress."""
        ...
