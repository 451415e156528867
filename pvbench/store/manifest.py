"""What a run was started with."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pvbench.model import Contrast, HostFacts, Placement, Purpose, TrialSpec, digest

SCHEMA_VERSION = 3


@dataclass(frozen=True)
class Manifest:
    """What a run was started with. `stack` and `guest` identify what was deployed; `started` is ISO 8601 UTC.

    `contrasts` are what is compared with what; without one the devices of each kind are. `disturbed_above` is the share
    of a machine's CPU time above which what else ran there has a pair measured again; None where nobody asked. `setups`
    are, by host, the settings of the inventory that figures depend on, as (key, text), sorted. `vcpus` are those of
    every guest; None where an older pvbench did not say.
    """

    schema: int
    run_id: str
    tool_version: str
    started: str
    command: tuple[str, ...]
    matrix_name: str
    matrix_text: str
    matrix_digest: str
    placement: Placement
    blocks: int
    seed: int
    contrasts: tuple[Contrast, ...]
    hosts: tuple[HostFacts, ...]
    guest: tuple[tuple[str, str], ...]
    stack: tuple[tuple[str, str], ...]
    plan: tuple[TrialSpec, ...]
    purpose: Purpose = Purpose.RUN
    disturbed_above: float | None = None
    setups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    vcpus: int | None = None


def new_run_id(now: datetime, matrix_name: str, salt: str) -> str:
    """Return a run's name: the UTC second it began, its matrix and four hex digits of the salt; sorts by time."""
    slug = re.sub(r"[^a-z0-9]+", "-", matrix_name.lower()).strip("-")[:40].rstrip("-")
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{slug or 'matrix'}-{digest(salt, 4)}"
