"""Cells → every comparison of a run with its ratio, interval and verdict, judged together. Pure, and without words."""

from collections.abc import Sequence
from dataclasses import dataclass

from pvbench.comparisons.ceilings import ceiling
from pvbench.comparisons.in_force import shared_in_force
from pvbench.contrasts import CellPair, Pairing, cell_pairs, contrasts_of, pairings
from pvbench.factors import Switch
from pvbench.model import Outcome, Trial
from pvbench.samples import CellTrials, gather
from pvbench.stats import Comparison, Family, compare, judge
from pvbench.store import Manifest


@dataclass(frozen=True)
class Judged:
    """A pair with what it came to, None where an arm gave no number or both were the same; `p` is its adjusted p."""

    pair: CellPair
    comparison: Comparison | None
    p: float | None

    @property
    def verdict(self) -> str:
        """The verdict; without one "not_measured", or "invalid": also where both arms gave figures of the same."""
        if self.comparison is not None:
            return self.comparison.verdict.value
        switch = self.pair.pairing.switch
        statuses = {status(side, switch) for side in (self.pair.baseline, self.pair.candidate)}
        return "invalid" if "invalid" in statuses or statuses == {"ok"} else "not_measured"


@dataclass(frozen=True)
class Compared:
    """A run's cells, which of them are compared with which, and what each comparison came to in its family."""

    cells: tuple[CellTrials, ...]
    pairings: tuple[Pairing, ...]
    judged: tuple[Judged, ...]
    family: Family


def compare_run(manifest: Manifest, trials: Sequence[Trial], earlier: Sequence[Trial] = ()) -> Compared:
    """Return every comparison of a run's plan, whether or not it came to a verdict; `earlier` are in no figure."""
    cells = gather(manifest, trials, earlier)
    matched = pairings(contrasts_of(manifest), cells)
    return Compared(cells, matched, *_judged(cell_pairs(matched)))


def _judged(pairs: Sequence[CellPair]) -> tuple[tuple[Judged, ...], Family]:
    """Return every pair with its verdict, and the family that they were judged in."""
    made = [_compared(pair) for pair in pairs]
    family = judge([found for found in made if found is not None])
    verdicts = iter(zip(family.comparisons, family.adjusted, strict=True))
    return tuple(
        Judged(pair, *(next(verdicts) if found else (None, None))) for pair, found in zip(pairs, made, strict=True)
    ), family


def status(side: CellTrials, switch: Switch = Switch.BOOT) -> str:
    """Return "ok" of a cell that gave a figure, else "invalid" or "not_measured"."""
    if side.counted(switch):
        return "ok"
    return "invalid" if side.count(Outcome.INVALID) else "not_measured"


def _compared(pair: CellPair) -> Comparison | None:
    switch = pair.pairing.switch
    left, right = pair.baseline.counted(switch), pair.candidate.counted(switch)
    if left is None or right is None or shared_in_force(pair):
        return None
    above = ceiling(pair.baseline, pair.candidate)
    return compare(
        left,
        right,
        metric=pair.candidate.metric,
        margin=pair.pairing.contrast.margin,
        ceiling=above.value if above else None,
    )
