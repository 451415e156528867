"""What a campaign is: a matrix and what it is measured for, and the site that it is measured on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from pvbench.campaign.cost import plan_of
from pvbench.guest import GuestImage
from pvbench.inventory import Host
from pvbench.matrix import Matrix
from pvbench.model import HostFacts, Placement, Purpose
from pvbench.plan import Plan


@dataclass(frozen=True)
class Settings:
    """What every boot of a run has in common: sizes in bytes, placement, the seed, how many blocks carry traces."""

    placement: Placement
    memory_bytes: int
    vcpus: int
    scratch_bytes: int
    seed: int
    settle_s: float = 0.0
    traced_blocks: int = 0


@dataclass(frozen=True)
class Campaign:
    """What is to be measured: a matrix, its name, and what for. `command` is the command line that asked for it."""

    matrix: Matrix
    matrix_name: str
    purpose: Purpose = Purpose.RUN
    command: tuple[str, ...] = ()

    def as_pilot(self, blocks: int, runs: int) -> Self:
        """Return the campaign as a pilot: no twins, blocks and runs in each boot of its own."""
        run = replace(self.matrix.run, blocks=blocks, runs_per_boot=runs, twins=0.0)
        return replace(self, matrix=replace(self.matrix, run=run), purpose=Purpose.PILOT)

    @cached_property
    def plan(self) -> Plan:
        """All its trials, in order."""
        return plan_of(self.matrix)

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
        )


@dataclass(frozen=True)
class Site:
    """What a campaign is measured on: its hosts by name, what each of them says of itself, and the guest image."""

    hosts: Mapping[str, Host]
    facts: tuple[HostFacts, ...]
    guest: GuestImage
