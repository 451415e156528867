"""What an export is made of, and what it comes to: runs, and files. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pvbench.comparisons import Compared, Judged, compare_run
from pvbench.model import Emulation, Outcome, Trial
from pvbench.samples import CellTrials
from pvbench.stats import Estimate
from pvbench.store import Manifest


@dataclass(frozen=True)
class ExportedRun:
    """A run as it is exported: its manifest and the last record of each of its trials."""

    manifest: Manifest
    trials: tuple[Trial, ...]

    @property
    def gave_figures(self) -> bool:
        """Whether any trial gave one."""
        return any(math.isfinite(reading.value) for trial in self.trials for reading in trial.readings)

    @cached_property
    def compared(self) -> Compared:
        """Every cell and comparison of the run, of finite figures alone."""
        return compare_run(self.manifest, [_finite(trial) for trial in self.trials])

    @property
    def measured(self) -> tuple[CellTrials, ...]:
        """The cells that gave figures."""
        return tuple(cell for cell in self.compared.cells if cell.sample)

    @property
    def ratios(self) -> tuple[tuple[Judged, Estimate], ...]:
        """The comparisons that came to a ratio, with it."""
        found = [(judged, judged.comparison.estimate) for judged in self.compared.judged if judged.comparison]
        return tuple((judged, each) for judged, each in found if each and math.isfinite(each.point))

    def emulation(self, host: str) -> str:
        """Return what a host itself ran on: "bare metal", "software emulation"."""
        return {each.name: each.emulation for each in self.manifest.hosts}.get(host, Emulation.UNKNOWN).value


@dataclass(frozen=True)
class ExportedFile:
    """A file to be written: its whole path and content. `ours` begins each one that a later export may replace."""

    path: Path
    data: bytes
    ours: bytes = b""


Make = Callable[[Sequence[ExportedRun], Path], list[ExportedFile]]
"""What makes the files of runs, given the path of the first."""


@dataclass(frozen=True)
class Format:
    """A format: how the name of its file ends, and what makes its files of runs and a path.

    `several` is whether one file holds several runs, `alone` whether that file is the only one, `text` whether it is
    text.
    """

    ending: str
    make: Make
    several: bool = True
    alone: bool = True
    text: bool = True


def path_of(trial: Trial) -> str:
    """Return whether the trial proved which device carried its traffic: "proved", "not proved" or "unknown"."""
    return {Outcome.OK: "proved", Outcome.INVALID: "not proved"}.get(trial.outcome, "unknown")


def single(encode: Callable[[Sequence[ExportedRun]], bytes]) -> Make:
    """Return what makes the one file of a format."""
    return lambda runs, path: [ExportedFile(path, encode(runs))]


def _finite(trial: Trial) -> Trial:
    """Return a trial without figures that are none; one that has no other is not measured."""
    kept = tuple(each for each in trial.readings if math.isfinite(each.value) and each.value >= 0)
    if kept or not trial.readings:
        return replace(trial, readings=kept)
    return replace(trial, outcome=Outcome.NOT_MEASURED, reason="no figure of it is finite", readings=())
