"""A guest that is booted for trials, and what they have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.campaign.campaign import Settings
from pvbench.campaign.world import HeldHost
from pvbench.clock import Clock
from pvbench.evidence import builds
from pvbench.guest import STOCK_DRIVERS, Drivers
from pvbench.hypervisor import Guest
from pvbench.model import Arm, TrialSpec, digest
from pvbench.parts import PARTS
from pvbench.store import Store
from pvbench.workloads import Disk, Peer


@dataclass(frozen=True)
class Booted:
    """A guest that runs, the host it runs on, when it was booted, the run that it is for, the clock, what was built.

    `facts` are what the guest said it is before anything was measured in it.
    """

    guest: Guest
    held: HeldHost
    since: str
    store: Store
    settings: Settings
    clock: Clock
    drivers: Drivers = STOCK_DRIVERS
    facts: tuple[tuple[str, str], ...] = ()

    def another_build(self, arm: Arm, in_use: Mapping[str, str]) -> str | None:
        """Return why an arm's trial was made with other drivers than it says, None where it was not."""
        built = {side: self.drivers.builds(arm.host, side) for side in builds.SIDES}
        return builds.another_build(arm, in_use, built)

    @property
    def disturbed_above(self) -> float | None:
        """The share of a machine's CPU time above which what else ran there has a pair measured again."""
        return self.store.manifest.disturbed_above

    def in_use(self, device: str) -> tuple[tuple[str, str], ...]:
        """Return what the boot has in use for a device of the parts that are kept with trials."""
        return tuple((name, value) for name, value in self.guest.in_use(device) if PARTS[name].kept)

    def target(self, spec: TrialSpec) -> Disk | Peer:
        """Return what a trial's tool aims at."""
        return self.guest.target(spec.cell, self.seed(spec))

    def seed(self, spec: TrialSpec) -> int:
        """Return a seed that all arms share under a workload in a block, and no two blocks, boots of an arm or runs.

        What is drawn by it is thereby the same for both sides of a comparison.
        """
        repeats = [spec.run, *([spec.round] if spec.round > 1 else [])] if (spec.run, spec.round) != (1, 1) else []
        return int(digest([self.settings.seed, spec.block, spec.cell.workload.id, *repeats], 7), 16)
