"""What a campaign meets of the real edges: hosts, their stacks, the guest, drivers built for both."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pvbench.cli import wiring
from pvbench.cli.app import App
from pvbench.terminal.steps import steps

if TYPE_CHECKING:
    from pvbench.builds.toolchain import Workshop
    from pvbench.campaign.campaign import Site
    from pvbench.campaign.pace import Pace
    from pvbench.campaign.progress import Progress
    from pvbench.campaign.world import HeldHost, Hold, HostStacks
    from pvbench.clock import Clock
    from pvbench.guest import Drivers, GuestImage
    from pvbench.inventory import Host, Inventory
    from pvbench.model import DriverSource, HostFacts, OwnGuest
    from pvbench.progress import Watch


@dataclass
class World:
    """What a campaign meets: pvbench.campaign.world.World over the wiring."""

    app: App
    inventory: "Inventory"

    @property
    def clock(self) -> "Clock":
        """The machine's own."""
        return self.app.edges.clock

    @property
    def watch(self) -> "Watch":
        """Standard error."""
        from pvbench.terminal.transfers import watch

        return watch(self.app.voice)

    def guest_image(self) -> "GuestImage":
        """Return the builtin guest."""
        return wiring.guest_image(self.app)

    def frontends(self, sources: "Sequence[DriverSource]", guest: "GuestImage") -> "Drivers":
        """Build frontends for the guest's kernel, and guests with them."""
        from pvbench.guest.drivers import Drivers, guest_with

        with _workshop(self.app) as workshop:
            return Drivers({source.value: guest_with(workshop, guest, source) for source in sources})

    def backends(self, sources: "Sequence[DriverSource]", hosts: "Sequence[HostFacts]") -> "Drivers":
        """Build backends for the kernel of each host."""
        from pvbench.guest.drivers import Drivers, backends_for

        with _workshop(self.app) as workshop:
            return Drivers(
                backends={
                    (facts.name, source.value): backends_for(workshop, facts, source)
                    for facts in hosts
                    for source in sources
                }
            )

    def hosts(self, names: tuple[str, ...]) -> "dict[str, Host]":
        """Return the hosts by name, the lab brought up."""
        hosts, self.inventory = wiring.resolve(self.app, names, self.inventory)
        return hosts

    def facts(self, host: "Host", guest: "GuestImage") -> "HostFacts":
        """Probe a host, and say what it is."""
        with wiring.connect(self.app, host, self.inventory) as transport:
            facts = wiring.hypervisor(self.app, transport, host, guest).facts()
        self.app.note(f"host {host.name}: {facts.hypervisor}, {facts.kernel}, {facts.cpu} ({facts.emulation})")
        return facts

    def images(self, host: "Host", guest: "GuestImage", own: "Sequence[OwnGuest]") -> "tuple[OwnGuest, ...]":
        """Put images on a host, or read those there; it is ours meanwhile: some GiB would spoil another's figures."""
        with wiring.leased(self.app, host, self.inventory, "looking at images") as (transport, _lease):
            return wiring.hypervisor(self.app, transport, host, guest, own=own).images()

    def stacks(self, host: "Host", purpose: str) -> "HostStacks":
        """Return the stacks that were deployed onto a host."""
        if self.app.edges.stacks is not None:
            return self.app.edges.stacks(host)
        from pvbench.stack.switching import Stacks

        return Stacks(wiring.reaching(self.app, host.name, self.inventory, purpose, self.app.note))

    def holding(self, site: "Site", purpose: str) -> "Hold":
        """Return how a host is had by its name: reached, held, cleaned."""
        from pvbench.campaign.world import HeldHost

        token = secrets.token_hex(16)

        @contextmanager
        def hold(name: str) -> "Iterator[HeldHost]":
            with wiring.leased(self.app, site.hosts[name], self.inventory, purpose, token) as (transport, held):
                images = site.own_guests.get(name, ())
                driven = wiring.hypervisor(
                    self.app, transport, site.hosts[name], site.guest, site.drivers.of(name), images
                )
                lab = wiring.own_lab(self.app, site.hosts[name])
                yield HeldHost(driven, held.check, beneath=lab.beneath) if lab else HeldHost(driven, held.check)

        return hold

    def watching(self, pace: "Pace", blocks: int) -> "AbstractContextManager[Progress]":
        """Return what shows progress on standard error."""
        from pvbench.views.progress import watching

        return watching(self.app.voice, pace, blocks)


@contextmanager
def _workshop(app: App) -> "Iterator[Workshop]":
    """Give where drivers are built, each step shown."""
    from pvbench.builds.toolchain import Workshop

    with steps(app.voice, "building drivers; once for each source, about a minute") as report:
        yield Workshop(wiring.cache_folder(), report, app.mirror)
