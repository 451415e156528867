"""A whole campaign on a fake host: a run that begins from a matrix, and its measuring."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pvbench.campaign import manifests, visits
from pvbench.campaign.campaign import Campaign, Site
from pvbench.campaign.progress import Progress
from pvbench.campaign.visits import RunSummary
from pvbench.campaign.world import Edges, Hold, HostStacks
from pvbench.clock import Clock
from pvbench.guest import STOCK_DRIVERS, BootDisk, Drivers, GuestImage, Login, Programs
from pvbench.inventory import Host
from pvbench.matrix import load
from pvbench.model import ImageDigests, Trial, TrialSpec
from pvbench.pairs import Pair
from pvbench.store import Store
from pvbench.testing.clock import FakeClock
from pvbench.testing.hypervisor import FACTS, FakeHypervisor
from pvbench.testing.stacks import FakeStacks

MATRIX = """\
schema: 1
hosts: [xen1]
devices: {net: [e1000, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 0s}
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
run: {blocks: 2, seed: 7}
compare: {baseline: {net: e1000, block: ide}}
"""
IMAGE = GuestImage(
    "builtin",
    "d19e57",
    BootDisk("boot.img", "boot.rom"),
    Login("ssh-ed25519 AAAA"),
    Programs((("fio", "3.33"),)),
)
SITE = Site({"xen1": Host("xen1", "xen1.example.org")}, (FACTS,), IMAGE)


class Unwatched(Progress):
    """Nobody watches: nothing comes of what is told. A test that looks at one thing overrides that."""

    def deploying(self, host: str, stack: str, attempt: int) -> None:
        """Do nothing."""

    def booting(self, boot: str, trials: int, attempt: int) -> None:
        """Do nothing."""

    def booted(self, boot: str, seconds: float) -> None:
        """Do nothing."""

    def measuring(self, spec: TrialSpec) -> None:
        """Do nothing."""

    def recorded(self, trial: Trial) -> None:
        """Do nothing."""

    def disturbed(self, pair: Pair, cause: str, attempt: int) -> None:
        """Do nothing."""

    def image(self, host: str, digests: ImageDigests) -> None:
        """Do nothing."""

    def lost(self, host: str, reason: str, pause_s: float) -> None:
        """Do nothing."""


def campaign_of(matrix: str = MATRIX) -> Campaign:
    """Return the campaign of a matrix, its text, on the host xen1."""
    return Campaign(load(matrix, name="quick.yaml"), "quick.yaml", command=("pvbench", "run", "quick.yaml"))


def begin(results: Path, matrix: str = MATRIX) -> Store:
    """Begin a run of a matrix, its text, under a results folder, and return it open for writing."""
    return Store.create(results, manifests.begin(campaign_of(matrix), SITE, FakeClock().now(), salt=""))


def measure(
    store: Store,
    hold: Hold,
    *,
    clock: Clock | None = None,
    progress: Progress | None = None,
    traced_blocks: int = 0,
    stacks: HostStacks | None = None,
    drivers: Drivers = STOCK_DRIVERS,
    **settings: Any,
) -> RunSummary:
    """Measure what a run lacks on the host that `hold` gives; `settings` are those that are not as its matrix says."""
    there = stacks or FakeStacks(FakeHypervisor())
    edges = Edges(hold, clock or FakeClock(), progress or Unwatched(), lambda _host: there, drivers)
    planned = campaign_of(store.manifest.matrix_text).settings
    return visits.run(store, replace(planned, traced_blocks=traced_blocks, **settings), edges)
