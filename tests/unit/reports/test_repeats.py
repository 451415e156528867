"""Pairs that were measured again, and arms that did not share their boot, as a report tells them."""

from dataclasses import replace
from typing import Any

from pvbench.model import Flag, FlagKind, Trial
from pvbench.reports import comparison, html, table
from pvbench.testing.runs import sample_run

BUSY = (("other guests", 0.4),)


def repeated(made: Any, *, still: bool = False) -> tuple[Any, list[Trial], list[Trial]]:
    """Return a manifest, the trials that count and the earlier ones: the first pair was disturbed."""
    first = made.trials[0].spec
    of_pair = [t for t in made.trials if (t.spec.boot, t.spec.cell.workload) == (first.boot, first.cell.workload)]
    assert len(of_pair) == 2
    earlier = [
        replace(t, disturbance=BUSY, flags=(Flag(FlagKind.DISTURBED, "other guests used 40%"),)) for t in of_pair
    ]
    after = BUSY if still else ()
    last = [replace(t, attempt=2, disturbance=after) if t in of_pair else t for t in made.trials]
    return replace(made.manifest, disturbed_above=0.1), last, earlier


def test_a_pair_that_was_measured_again_is_counted_and_its_first_attempt_a_row() -> None:
    page = comparison.build(*repeated(sample_run()))

    assert page.repeats == "1 pair measured again because something else took more than 10 % of the CPUs meanwhile"
    assert ("Measured again", "1 pair") in page.tiles
    rows = [trial for cell in page.cells for trial in cell.trials if trial.tone == "superseded"]
    assert [(row.outcome, row.attempt) for row in rows] == [("measured again", 1)] * 2
    assert sum(cell.summary.endswith("1 measured again") for cell in page.cells) == 2
    assert "1 pair measured again" in table.render(page, 100)
    assert html.render(page).count(">measured again</span>") == 2


def test_earlier_attempts_are_in_no_figure() -> None:
    manifest, last, earlier = repeated(sample_run())
    wild = [replace(t, readings=tuple(replace(r, value=r.value * 100) for r in t.readings)) for t in earlier]

    with_wild, without = comparison.build(manifest, last, wild), comparison.build(manifest, last)

    assert with_wild.groups == without.groups


def test_a_pair_that_stayed_disturbed_is_said_to() -> None:
    page = comparison.build(*repeated(sample_run(), still=True))

    assert page.repeats.endswith("; 1 still disturbed at attempt 3, counted and flagged")


def test_a_run_in_which_nobody_looked_says_so() -> None:
    run = sample_run()

    page = comparison.build(run.manifest, run.trials)

    assert page.repeats == ""
    assert ("Measured again", "not looked at") in page.tiles


def test_arms_that_did_not_share_their_boot_are_flagged() -> None:
    run = sample_run()
    first, other = run.trials[0].spec, run.trials[1].spec
    trials = [replace(trial, booted="later" if trial.spec == first else "then") for trial in run.trials]

    page = comparison.build(run.manifest, trials)

    sides = [side for group in page.groups for row in group.rows for side in (row.baseline, row.candidate)]
    flagged = {side.cell: dict(side.flagged) for side in sides}
    assert flagged[first.cell.id]["parted"] == 1
    assert sum("parted" in kinds for kinds in flagged.values()) == 2
    assert other.boot == first.boot
