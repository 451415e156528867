"""What a campaign is: a matrix and what it is measured for, and the site that it is measured on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from pvbench.campaign.cost import plan_of
from pvbench.guest import STOCK_DRIVERS, Drivers, GuestImage
from pvbench.inventory import Host
from pvbench.matrix import Matrix
from pvbench.model import Cell, DeployedStack, HostFacts, OwnGuest, Placement, Purpose
from pvbench.plan import Plan


@dataclass(frozen=True)
class Settings:
    """What every boot of a run has in common: sizes in bytes, placement, the seed, how many blocks carry traces.

    `beside` are, by boot, devices that its guest has though nothing is measured on them.
    """

    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    seed: int
    settle_s: float = 0.0
    traced_blocks: int = 0
    beside: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Campaign:
    """What is to be measured: a matrix, its name, and what for. `command` is the command line that asked for it.

    `stacks` are what its stacks are on the hosts, once those were asked (`on`). `only` are the cells that it is about,
    as `expand` gives them; None: all.
    """

    matrix: Matrix
    matrix_name: str
    purpose: Purpose = Purpose.RUN
    command: tuple[str, ...] = ()
    stacks: tuple[tuple[str, DeployedStack], ...] = ()
    only: frozenset[Cell] | None = None

    def on(self, site: "Site") -> Self:
        """Return the campaign with the stacks that its hosts have, whose digests are in its plan."""
        there = [(host, stack) for host, stacks in site.stacks.items() for stack in stacks]
        return replace(self, stacks=tuple(there))

    def as_pilot(self, blocks: int, runs: int) -> Self:
        """Return the campaign as a pilot: no twins, blocks and runs in each boot of its own."""
        run = replace(self.matrix.run, blocks=blocks, runs_per_boot=runs, twins=0.0)
        return replace(self, matrix=replace(self.matrix, run=run), purpose=Purpose.PILOT)

    @cached_property
    def plan(self) -> Plan:
        """All its trials, in order."""
        return plan_of(self.matrix, {(host, stack.name): stack.id for host, stack in self.stacks}, self.only)

    @property
    def settings(self) -> Settings:
        """What every boot of it has in common; a pilot traces nothing."""
        matrix = self.matrix
        return Settings(
            placement=matrix.placement,
            memory_bytes=matrix.guest.memory_bytes,
            vcpus=matrix.guest.vcpus,
            scratch_bytes=matrix.scratch_bytes,
            seed=matrix.run.seed,
            settle_s=matrix.run.settle_s,
            traced_blocks=0 if self.purpose is Purpose.PILOT else matrix.run.traces,
            beside=self._beside(),
        )

    def _beside(self) -> Mapping[str, frozenset[str]]:
        """Return the devices of each boot in the whole matrix: a guest that is looked at again is the one it was."""
        devices: dict[str, frozenset[str]] = {}
        for spec in replace(self, only=None).plan.trials if self.only is not None else ():
            devices[spec.boot] = devices.get(spec.boot, frozenset()) | {spec.cell.device}
        return devices


@dataclass(frozen=True)
class Site:
    """What a campaign is measured on: its hosts by name, what each of them says of itself, and the guest image.

    `stacks` are, by host, those of the matrix that were deployed there; of such a host the facts say what stays.
    `drivers` are those that were built; `own_guests`, by host, the images besides the builtin guest as they lie there.
    """

    hosts: Mapping[str, Host]
    facts: tuple[HostFacts, ...]
    guest: GuestImage
    stacks: Mapping[str, tuple[DeployedStack, ...]] = field(default_factory=dict)
    drivers: Drivers = STOCK_DRIVERS
    own_guests: Mapping[str, tuple[OwnGuest, ...]] = field(default_factory=dict)
