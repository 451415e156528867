"""A run from its first look at the hosts to its last record."""

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from pvbench.campaign import manifests, visits
from pvbench.campaign.campaign import Campaign, Site
from pvbench.campaign.facts import whole
from pvbench.campaign.pace import Pace
from pvbench.campaign.visits import RunSummary
from pvbench.campaign.world import Edges, HostStacks, World
from pvbench.clock import Clock
from pvbench.errors import BootError
from pvbench.guest import STOCK_DRIVERS, Drivers, own
from pvbench.hypervisor import GUEST_MODES
from pvbench.model import GuestMode, HostFacts
from pvbench.store import Store

_FIRMWARE = "switch on AMD-V or VT-x with nested paging in the firmware"
_MENDS: Mapping[GuestMode, str] = MappingProxyType(
    {
        GuestMode.HVM: _FIRMWARE,
        GuestMode.PVH: _FIRMWARE,
        GuestMode.PV: "boot a hypervisor that was built with PV guests",
    }
)


def survey(campaign: Campaign, world: World) -> Site:
    """Return what the campaign is measured on, every host probed before anything is measured on any."""
    guest = world.guest_image()
    own_guests = tuple(
        each if each.on_host else own.with_digest(each, world.watch) for each in campaign.matrix.guest.images if each
    )
    # What does not compile is found before any host is asked for anything.
    frontends, backends = (
        tuple(filter(None, sources)) for sources in (campaign.matrix.frontends, campaign.matrix.backends)
    )
    drivers = world.frontends(frontends, guest) if frontends else STOCK_DRIVERS
    hosts = world.hosts(campaign.matrix.hosts)
    facts = tuple(world.facts(host, guest) for host in hosts.values())
    for each in facts:
        check_modes(visits.modes_of(campaign.plan.trials), each)
    if backends:
        drivers = Drivers(drivers.frontends, world.backends(backends, facts).backends)
    images = {name: world.images(host, guest, own_guests) for name, host in hosts.items()} if own_guests else {}
    if not (names := campaign.matrix.stacks):
        return Site(hosts, facts, guest, drivers=drivers, own_guests=images)
    stacks = {name: world.stacks(host, "looking at its stacks").deployed(names) for name, host in hosts.items()}
    there = ((each, stacks[each.name]) for each in facts)
    lasting = (whole(each, (s.hypervisor for s in own), (s.kernel for s in own)) for each, own in there)
    return Site(hosts, tuple(lasting), guest, stacks, drivers=drivers, own_guests=images)


def check_modes(modes: Sequence[GuestMode], facts: HostFacts) -> None:
    """Raise BootError for the first mode of guests that a host says it cannot run; who says nothing is tried."""
    able = dict(facts.details).get(GUEST_MODES, "")
    for mode in modes if able else ():
        if mode not in able.split(", "):
            raise BootError(
                f"{facts.name} cannot run {mode} guests, only {able}: {facts.hypervisor}",
                hint=f"{_MENDS[mode]}, or leave {mode} out of `guest: {{mode: …}}`",
            )


def begin(campaign: Campaign, site: Site, results: Path, clock: Clock) -> Store:
    """Make the folder of a run that begins now, open for writing."""
    return Store.create(results, manifests.begin(campaign, site, clock.now(), secrets.token_hex(8)))


def measure(campaign: Campaign, site: Site, store: Store, world: World) -> RunSummary:
    """Measure what of the run is not finished yet."""
    manifest, settings = store.manifest, campaign.settings
    pace = Pace(manifest.plan, store.finished_ids(), settings.traced_blocks)
    purpose = f"run {manifest.run_id}"
    hold = world.holding(site, purpose)
    with world.watching(pace, manifest.blocks) as progress:
        stacks = partial(_stacks, world, site, purpose)
        return visits.run(store, settings, Edges(hold, world.clock, progress, stacks, drivers=site.drivers))


def _stacks(world: World, site: Site, purpose: str, name: str) -> HostStacks:
    return world.stacks(site.hosts[name], purpose)
