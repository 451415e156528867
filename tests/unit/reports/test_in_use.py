"""What was in use stands in a report, and a comparison whose arms differ in a part of it says so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pvbench.contrasts import cell_pairs, contrasts_of, pairings
from pvbench.factors import FACTORS
from pvbench.model import Outcome, Trial
from pvbench.parts import PARTS, Part
from pvbench.reports import comparison, html
from pvbench.reports.in_use import note
from pvbench.reports.table import render
from pvbench.samples import gather
from pvbench.testing import SampleRun
from pvbench.testing.runs import failed, sample_run

ALIKE = {"scheduler": "credit2", "event channels": "FIFO", "grant frames": "write-back"}


def having(of: Callable[[Trial], dict[str, str]]) -> SampleRun:
    """Return a run whose trials had all the same in use but for what is said of each."""
    return sample_run().changed(lambda trial: replace(trial, in_use=tuple((ALIKE | of(trial)).items())))


def by_device(**values: str) -> Callable[[Trial], dict[str, str]]:
    return lambda trial: {"scheduler": values[trial.spec.cell.device]} if trial.spec.cell.device in values else {}


def told(run: SampleRun) -> set[str]:
    page = comparison.build(run.manifest, run.trials)
    rows = [row for group in page.groups for row in group.rows]
    assert all((row.differing in row.notes) == bool(row.differing) for row in rows)
    return {row.differing for row in rows} - {""}


def test_arms_that_have_the_same_in_use_are_compared_without_a_word() -> None:
    assert told(having(lambda _: {})) == set()
    assert told(sample_run()) == set()


def test_a_comparison_says_in_what_its_arms_differ_beside_their_devices() -> None:
    run = having(by_device(netfront="credit", e1000="credit2"))

    assert told(run) == {"the arms differ in: scheduler (credit2 | credit)"}
    on_a_terminal = render(comparison.build(run.manifest, run.trials), 120).splitlines()
    assert on_a_terminal.count("netfront and e1000: the arms differ in: scheduler (credit2 | credit)") == 1


def test_boots_of_one_arm_that_differ_are_both_told() -> None:
    run = having(lambda trial: {"scheduler": "credit"} if trial.spec.cell.device == "ide" and trial.spec.block else {})

    assert told(run) == {"the arms differ in: scheduler (credit2 and credit | credit2)"}


def test_boots_that_differ_alike_in_both_arms_are_told_too() -> None:
    run = having(lambda trial: {"vif queues": str(min(trial.spec.block, 1))})

    assert told(run) == {"the arms differ in: vif queues (0 and 1 | 0 and 1)"}


def test_what_the_device_itself_changes_is_no_difference_between_devices() -> None:
    def of(trial: Trial) -> dict[str, str]:
        return {"grant frames": "none"} if trial.spec.cell.device in ("ide", "e1000") else {}

    assert told(having(of)) == set()


def test_along_another_factor_the_same_part_is_a_difference() -> None:
    """PVH and HVM guests of an AMD host: what is compared is the mode, and the grant frames differ besides."""
    run = having(
        lambda trial: {"grant frames": "uncacheable", "guest type": "HVM"} if trial.spec.cell.device == "ide" else {}
    )
    one = next(each for each in pairings(contrasts_of(run.manifest), gather(run.manifest, run.trials)) if each.baseline)
    assert one.baseline is not None
    as_modes = replace(one, contrast=replace(one.contrast, factor="mode"))
    pair = cell_pairs([as_modes])[0]

    assert note(pair) == "the arms differ in: grant frames (uncacheable | write-back)"


def test_what_is_known_of_one_arm_alone_or_of_no_figure_is_no_difference() -> None:
    one_knows = sample_run().changed(
        lambda trial: replace(trial, in_use=(("scheduler", "null"),)) if trial.spec.cell.device == "ide" else trial
    )
    unmeasured = having(by_device(netfront="credit")).changed(
        lambda trial: failed(trial, Outcome.INVALID, "other") if trial.spec.cell.device == "netfront" else trial
    )

    assert told(one_knows) == set()
    assert told(unmeasured) == set()


def test_the_page_has_a_table_of_what_was_in_use_and_names_the_arms_where_they_differ() -> None:
    run = having(by_device(netfront="credit <b>"))
    page = comparison.build(run.manifest, run.trials)
    shown = {(part.part, part.value): part.arms for part in page.in_use}

    assert shown == {
        ("scheduler", "credit2"): "ide; blkfront; e1000",
        ("scheduler", "credit <b>"): "netfront",
        ("event channels", "FIFO"): "",
        ("grant frames", "write-back"): "",
    }
    written = html.render(page)
    assert "What was in use" in written
    assert "credit &lt;b&gt;" in written
    assert PARTS["scheduler"].means in written


def test_a_run_of_which_nothing_is_known_has_no_such_table() -> None:
    run = sample_run()
    page = comparison.build(run.manifest, run.trials)

    assert page.in_use == ()
    assert "What was in use" not in html.render(page)


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.name)
def test_a_part_follows_factors_that_there_are(part: Part) -> None:
    assert set(part.follows) <= set(FACTORS)
    assert part.side in ("guest", "dom0")
    assert all(words.strip() == words != "" for words in (part.name, part.read_from, part.means, part.source))
