"""Pairs that were disturbed and measured again, and arms that did not share their boot. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from pvbench import figures as fmt
from pvbench.disturbance import ATTEMPTS, disturbed
from pvbench.model import Flag, FlagKind, Placement, Trial
from pvbench.pairs import pairs, parted
from pvbench.store import Manifest


def flagged(manifest: Manifest, trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the trials, those flagged whose arms should have shared a boot and did not."""
    if manifest.placement is not Placement.COEXIST:
        return tuple(trials)
    apart = {trial.spec for pair in parted(trials) for trial in pair}
    note = Flag(FlagKind.PARTED, "the arms of this pair were measured in different boots")
    return tuple(replace(trial, flags=(*trial.flags, note)) if trial.spec in apart else trial for trial in trials)


def sentence(manifest: Manifest, trials: Sequence[Trial]) -> str:
    """Return how many pairs were measured again, and how many of them to no avail; "" where nobody looked."""
    above = manifest.disturbed_above
    if above is None:
        return ""
    made = {trial.spec: trial for trial in trials}
    own = [[made[spec] for spec in pair] for pair in pairs(made)]
    again = [pair for pair in own if any(trial.attempt > 1 for trial in pair)]
    still = [pair for pair in again if any(disturbed(trial.disturbance, above) for trial in pair)]
    if not again:
        return ""
    number, share = fmt.count(len(again), "pair"), f"{above * 100:g} %"
    in_vain = f"; {len(still)} still disturbed at attempt {ATTEMPTS}, counted and flagged" if still else ""
    return f"{number} measured again because something else took more than {share} of the CPUs meanwhile{in_vain}"


def tile(manifest: Manifest, trials: Sequence[Trial]) -> str:
    """Return the same in two words."""
    if manifest.disturbed_above is None:
        return "not looked at"
    made = {trial.spec: trial for trial in trials}
    number = sum(any(made[spec].attempt > 1 for spec in pair) for pair in pairs(made))
    return fmt.count(number, "pair") if number else "nothing"
