"""A campaign from its first look at the hosts to its last record, in a made-up world."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pvbench.campaign import resume, run
from pvbench.campaign.campaign import Campaign, Site
from pvbench.campaign.pace import Pace
from pvbench.campaign.progress import Progress
from pvbench.campaign.visits import RunSummary
from pvbench.campaign.world import Hold, HostStacks, World
from pvbench.clock import Clock
from pvbench.guest import GuestImage
from pvbench.inventory import Host
from pvbench.model import HostFacts, Purpose
from pvbench.store import Store
from pvbench.testing import FakeClock, FakeHypervisor
from pvbench.testing.campaign import IMAGE, Unwatched, campaign_of
from pvbench.testing.stacks import FakeStacks


@dataclass
class MadeUp:
    """A world with one host; `asked` is what was asked of it, in order."""

    host: FakeHypervisor = field(default_factory=FakeHypervisor)
    clock: Clock = field(default_factory=FakeClock)
    asked: list[str] = field(default_factory=list)

    def guest_image(self) -> GuestImage:
        self.asked.append("the guest image")
        return IMAGE

    def hosts(self, names: tuple[str, ...]) -> Mapping[str, Host]:
        self.asked.append("the hosts")
        return {name: Host(name, address=f"{name}.example.org") for name in names}

    def facts(self, host: Host, guest: GuestImage) -> HostFacts:
        self.asked.append(f"what {host.name} is")
        return self.host.facts()

    def stacks(self, host: Host, purpose: str) -> HostStacks:
        return FakeStacks(self.host)

    def holding(self, site: Site, purpose: str) -> Hold:
        self.asked.append(f"to hold {', '.join(site.hosts)}")
        return self.host.hold

    @contextmanager
    def watching(self, pace: Pace, blocks: int) -> Iterator[Progress]:
        self.asked.append(f"to watch {pace.total - pace.done} trials")
        yield Unwatched()


def begun(world: World, campaign: Campaign, results: Path) -> tuple[Site, Store]:
    site = run.survey(campaign, world)
    return site, run.begin(campaign, site, results, world.clock)


def test_a_campaign_needs_a_matrix_and_a_world(tmp_path: Path) -> None:
    world, campaign = MadeUp(), campaign_of()

    site, store = begun(world, campaign, tmp_path)
    with store:
        assert run.measure(campaign, site, store, world) == RunSummary(ok=8, invalid=0, not_measured=0)

    assert world.asked == ["the guest image", "the hosts", "what xen1 is", "to hold xen1", "to watch 8 trials"]
    kept = Store.open(tmp_path, store.manifest.run_id).manifest
    assert (kept.matrix_name, kept.command, kept.purpose) == ("quick.yaml", campaign.command, Purpose.RUN)
    assert kept.plan == campaign.plan.trials


def test_a_campaign_that_goes_on_measures_what_is_left(tmp_path: Path) -> None:
    world, campaign = MadeUp(), campaign_of()
    site, store = begun(world, campaign, tmp_path)
    with store:
        run.measure(campaign, site, store, world)

    again = MadeUp()
    with Store.open(tmp_path, store.manifest.run_id, write=True) as there:
        site = run.survey(campaign, again)
        resume.check(there.manifest, campaign, site)
        run.measure(campaign, site, there, again)

    assert again.asked[-1] == "to watch 0 trials"
    assert again.host.booted == []


def test_a_pilot_has_blocks_and_runs_of_its_own_and_no_trace() -> None:
    campaign = campaign_of().as_pilot(blocks=3, runs=2)

    assert campaign.purpose is Purpose.PILOT
    assert {spec.block for spec in campaign.plan.trials} == {1, 2, 3}
    assert {spec.run for spec in campaign.plan.trials} == {1, 2}
    assert not any(spec.twin for spec in campaign.plan.trials)
    assert campaign.settings.traced_blocks == 0
