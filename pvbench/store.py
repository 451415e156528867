"""The files under results/: one folder a run with manifest, journal, raw outputs; Parquet is derived."""

from dataclasses import dataclass

from pvbench.model import HostFacts, Placement, TrialSpec

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """What a run was started with. `stack` and `guest` identify what was deployed; `started` is ISO 8601 UTC."""

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
    baseline: tuple[tuple[str, str], ...]
    hosts: tuple[HostFacts, ...]
    guest: tuple[tuple[str, str], ...]
    stack: tuple[tuple[str, str], ...]
    plan: tuple[TrialSpec, ...]
