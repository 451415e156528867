"""What a page is made of: the cells of a run, what they are compared by, and what came of that."""

from collections.abc import Sequence
from dataclasses import dataclass

from pvbench import wording
from pvbench.comparisons import compare_run
from pvbench.contrasts import CellPair, beside_each_other, contrasts_of
from pvbench.model import Contrast, Purpose, Trial
from pvbench.reports import repeats
from pvbench.reports.headline import control, headline, standfirst
from pvbench.reports.host_words import words_for
from pvbench.reports.mechanism import mechanism
from pvbench.reports.mechanism_page import MechanismPage
from pvbench.reports.noise_floor import figure, floor
from pvbench.reports.page import Group, Row, Strip
from pvbench.reports.rows import groups, strips
from pvbench.samples import CellTrials
from pvbench.stats import Family, Noise
from pvbench.store import Manifest


@dataclass(frozen=True)
class Results:
    """A run, gathered and compared. `strips` are all figures that could be drawn, `costs` what one I/O costs."""

    manifest: Manifest
    trials: Sequence[Trial]
    contrasts: tuple[Contrast, ...]
    cells: tuple[CellTrials, ...]
    pairs: tuple[CellPair, ...]
    groups: tuple[Group, ...]
    family: Family
    strips: tuple[Strip, ...]
    costs: MechanismPage | None
    noise: Noise | None

    @property
    def rows(self) -> tuple[Row, ...]:
        """The lines of all tables."""
        return tuple(row for group in self.groups for row in group.rows)

    def headline(self) -> tuple[str, str]:
        """Return what the run comes to, and what qualifies it."""
        finding, qualifier = headline(self.rows, wording.label(self.manifest.hosts), self.manifest.purpose)
        if self.manifest.purpose is Purpose.CONTROL:
            finding = control(self.trials, len(self.manifest.plan))
        return finding, qualifier

    def standfirst(self) -> str:
        """Return what stands below the headline."""
        floor_words = f"Noise floor, twin to original: {figure(self.noise)}." if self.noise else ""
        return joined(standfirst(self.rows), self.costs.because if self.costs else "", floor_words)


def results_of(manifest: Manifest, trials: Sequence[Trial], earlier: Sequence[Trial]) -> Results:
    """Return a run, its comparisons made, and what a page tells of them beside."""
    trials = repeats.flagged(manifest, trials)
    compared, contrasts = compare_run(manifest, trials, earlier), contrasts_of(manifest)
    label, words = wording.label(manifest.hosts), words_for(manifest.hosts)
    tables = groups(compared.judged, compared.family, label, manifest.hosts)
    rows = tuple(row for group in tables for row in group.rows)
    return Results(
        manifest=manifest,
        trials=trials,
        contrasts=contrasts,
        cells=compared.cells,
        pairs=tuple(each.pair for each in compared.judged),
        groups=tables,
        family=compared.family,
        strips=strips(compared.pairings, label),
        costs=mechanism(beside_each_other(contrasts, compared.cells), rows, label, max(manifest.vcpus or 1, 1), words),
        noise=floor(compared.cells),
    )


def joined(*sentences: str) -> str:
    """Return what there is of some sentences as one paragraph."""
    return " ".join(sentence for sentence in sentences if sentence)
