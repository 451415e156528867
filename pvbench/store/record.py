"""Record: all that a run's folder tells, as what a report is made of."""

from dataclasses import dataclass

from pvbench.model import Trial
from pvbench.store.manifest import Manifest


@dataclass(frozen=True)
class Record:
    """A run's manifest, the last record of each trial, those made again, and what is wrong with its kept outputs."""

    manifest: Manifest
    trials: tuple[Trial, ...]
    earlier: tuple[Trial, ...] = ()
    altered: tuple[str, ...] = ()
