"""A run from its first look at the hosts to its last record."""

import secrets
from pathlib import Path

from pvbench.campaign import manifests, visits
from pvbench.campaign.campaign import Campaign, Site
from pvbench.campaign.pace import Pace
from pvbench.campaign.visits import RunSummary
from pvbench.campaign.world import Edges, World
from pvbench.clock import Clock
from pvbench.store import Store


def survey(campaign: Campaign, world: World) -> Site:
    """Return what the campaign is measured on, every host probed before anything is measured on any."""
    guest = world.guest_image()
    hosts = world.hosts(campaign.matrix.hosts)
    return Site(hosts, tuple(world.facts(host, guest) for host in hosts.values()), guest)


def begin(campaign: Campaign, site: Site, results: Path, clock: Clock) -> Store:
    """Make the folder of a run that begins now, open for writing."""
    return Store.create(results, manifests.begin(campaign, site, clock.now(), secrets.token_hex(8)))


def measure(campaign: Campaign, site: Site, store: Store, world: World) -> RunSummary:
    """Measure what of the run is not finished yet."""
    manifest, settings = store.manifest, campaign.settings
    pace = Pace(manifest.plan, store.finished_ids(), settings.traced_blocks)
    hold = world.holding(site, f"run {manifest.run_id}")
    with world.watching(pace, manifest.blocks) as progress:
        return visits.run(store, settings, Edges(hold, world.clock, progress))
