import json
import math
import re
from dataclasses import asdict, replace
from typing import Any

import pytest

from pvbench.model import Emulation, Flag, FlagKind, Outcome, Purpose, Trial
from pvbench.reports import comparison, html, table
from pvbench.reports.headline import headline
from pvbench.reports.page import ComparisonPage, Row
from pvbench.reports.sides import NEVER_REACHED
from pvbench.testing.runs import LOADS, failed, sample_run


def page_of(run: Any) -> ComparisonPage:
    return comparison.build(run.manifest, run.trials)


def rows_of(page: ComparisonPage) -> dict[str, Row]:
    return {row.workload: row for group in page.groups for row in group.rows}


def test_every_comparison_is_a_row_with_both_devices(run: Any) -> None:
    page = page_of(run)
    assert [("Disk", 4), ("Network", 4)] == [(group.title, len(group.rows)) for group in page.groups]
    row = rows_of(page)["Random read, 4 KiB, depth 1"]
    assert ("ide", "emulated", "blkfront", "PV") == (
        row.baseline.device,
        row.baseline.io_path,
        row.candidate.device,
        row.candidate.io_path,
    )
    assert ("FASTER", 3, "iops") == (row.verdict, row.candidate.ok, row.metric)
    assert "indicative (3 boots)" in row.notes


def test_a_comparison_that_lacks_an_arm_has_no_verdict_and_says_why(run: Any) -> None:
    row = rows_of(page_of(run))["TCP request/response"]
    assert ("INVALID", "", "", None) == (row.verdict, row.ratio, row.interval, row.point)
    assert (0, 1, 2) == (row.candidate.ok, row.candidate.invalid, row.candidate.not_measured)
    assert "netfront: 1 × e1000 carried 97.1 % of the traffic, netfront was asked for" in row.notes


def test_an_arm_that_was_never_reached_is_not_measured() -> None:
    run = sample_run().changed(lambda trial: None if trial.spec.cell.device == "netfront" else trial)
    row = rows_of(page_of(run))["TCP, guest sends"]
    assert ("NOT MEASURED", "NOT MEASURED", 3) == (row.verdict, row.candidate.median, row.candidate.not_measured)
    assert ((NEVER_REACHED, 3),) == row.candidate.reasons


def test_an_invalid_trial_lends_no_number_to_its_block(run: Any) -> None:
    row = rows_of(page_of(run))["Random write, 4 KiB, depth 1"]
    assert [0, 2] == [block for block, _ in row.candidate.values]
    assert "indicative (2 boots)" in row.notes


def test_an_arm_at_the_offered_rate_makes_the_ratio_a_bound(run: Any) -> None:
    row = rows_of(page_of(run))["UDP, guest sends, 20 Mbit/s offered"]
    assert ("CAPPED", "≥", 0) == (row.verdict, row.bound, row.decades)


def test_an_order_of_magnitude_is_noted_only_by_the_whole_interval(run: Any) -> None:
    for row in rows_of(page_of(run)).values():
        claimed = any("order of magnitude" in note for note in row.notes)
        assert claimed == (row.tone == "faster" and row.low is not None and row.low >= 10)


def test_the_headline_gives_the_range_and_what_qualifies_it(run: Any) -> None:
    page = page_of(run)
    assert (
        "Paravirtualised devices are 9.6× to 41× faster than emulated ones in 6 of 8 comparisons "
        "(software emulation, indicative)" == page.headline
    )
    assert "capped in 1 of 8; invalid in 1 of 8." in page.standfirst


def test_five_blocks_on_bare_metal_need_no_qualifier() -> None:
    run = sample_run(blocks=5)
    page = page_of(run.on(replace(run.manifest.hosts[0], emulation=Emulation.BARE_METAL)))
    assert ("", "", "") == (page.label, page.label_note, page.qualifier)
    assert "software emulation" not in json.dumps(asdict(page))


def test_one_block_comes_to_no_verdict() -> None:
    page = page_of(sample_run(blocks=1))
    assert re.fullmatch(
        r"In one look, without an interval: [\d.]+ to [\d.]+× on disks, [\d.]+( to [\d.]+)?× on networks", page.finding
    )
    assert page.standfirst.startswith("One boot of each arm: more blocks give an interval and a verdict")
    assert {"undetermined", "capped"} == {row.tone for row in rows_of(page).values()}


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        ("iiii", "Negative control held: all trials sent over the wrong device came out INVALID"),
        ("iiin", "Negative control held: 3 of 4 trials sent over the wrong device came out INVALID; 1 gave nothing"),
        ("iioi", "Negative control failed: 1 trial of 4 passed although every flow took the wrong device"),
        ("nnnn", "Negative control without an answer: none of 4 trials was measured"),
        ("", "Negative control without an answer: none of 4 trials was measured"),
    ],
)
def test_a_negative_control_says_whether_the_proof_of_the_path_held(outcomes: str, says: str) -> None:
    run = sample_run()
    kinds = {"o": Outcome.OK, "i": Outcome.INVALID, "n": Outcome.NOT_MEASURED}
    trials = [
        trial if kinds[kind] is Outcome.OK else replace(trial, outcome=kinds[kind], reason="so", readings=())
        for trial, kind in zip(run.trials, outcomes, strict=False)
    ]
    manifest = replace(run.manifest, purpose=Purpose.CONTROL, plan=run.manifest.plan[:4])
    page = comparison.build(manifest, trials)
    assert page.finding.startswith(says)
    assert "a negative control, not a result" in page.qualifier


def test_a_headline_names_only_the_arms_that_it_says_something_of(run: Any) -> None:
    row = comparison.build(run.manifest, run.trials).groups[0].rows[0]
    slower, same = (
        replace(
            row,
            factor="queues",
            tone=tone,
            point=point,
            baseline=replace(row.candidate, name="queues 1"),
            candidate=replace(row.candidate, name=f"queues {queues}"),
        )
        for tone, point, queues in (("slower", 0.5, 2), ("equivalent", 1.0, 4))
    )
    said, _ = headline([slower, same], "")
    assert said == "Arms with queues 2 are 2.0× slower than those with queues 1 in 1 of 2 comparisons"


def test_a_slower_candidate_is_in_the_headline() -> None:
    first, *others = LOADS
    run = sample_run(blocks=5, workloads=[replace(first, ratio=0.5), *others])
    assert "faster in 6 (" in page_of(run).headline
    assert "slower in 1 (2.0×)" in page_of(run).headline


def test_nothing_measured_is_said_to_be_nothing() -> None:
    run = sample_run().changed(lambda trial: failed(trial, Outcome.NOT_MEASURED, "the guest did not boot"))
    page = page_of(run)
    assert "No comparison: in each, an arm gave no number" == page.finding
    assert () == page.strips
    assert () == page.latency


def test_without_a_second_device_nothing_is_compared() -> None:
    run = sample_run()
    plan = tuple(spec for spec in run.manifest.plan if spec.cell.device == "ide")
    trials = tuple(trial for trial in run.trials if trial.spec.cell.device == "ide")
    page = comparison.build(replace(run.manifest, plan=plan), trials)
    assert "Nothing was compared: the plan holds no second device" == page.finding
    assert 4 == len(page.cells)


def test_software_emulation_stands_beside_every_figure(run: Any) -> None:
    page = page_of(run)
    captions = [page.headline, page.ladder_caption, page.latency_caption, page.cells_note]
    captions += [group.caption for group in page.groups] + [strip.caption for strip in page.strips]
    assert all("software emulation" in caption for caption in captions)


def test_percentiles_come_from_merged_histograms_or_not_at_all(run: Any) -> None:
    rows = {(row.workload, row.device): row for row in page_of(run).latency}
    slow = rows["Random read, 4 KiB, depth 1", "ide"]
    assert "–" == slow.p999
    assert slow.median.endswith(" ms")
    assert rows["Random read, 4 KiB, depth 1", "blkfront"].p999 != "–"


def test_evidence_past_what_a_page_holds_is_counted() -> None:
    page = page_of(sample_run(blocks=30))
    cell = page.cells[0]
    assert 30 == len(cell.trials)
    shown = sum(trial.evidence for trial in cell.trials)
    assert 0 < shown < 30
    assert f"Evidence of {30 - shown} listed trials not shown here." in cell.more
    assert f"pvbench show {page.run_id} {cell.id}" in cell.more


def test_evidence_of_what_went_wrong_is_shown_first() -> None:
    run = sample_run(blocks=30).changed(
        lambda trial: failed(trial, Outcome.INVALID, "wrong path") if trial.spec.block == 29 else trial
    )
    last = page_of(run).cells[0].trials[-1]
    assert ("INVALID", True, "wrong path") == (last.outcome, last.evidence, last.reason)


def test_the_page_is_json(run: Any) -> None:
    assert json.loads(json.dumps(asdict(page_of(run)), allow_nan=False))["run_id"] == run.manifest.run_id


def test_the_order_of_trials_does_not_matter(run: Any) -> None:
    turned = type(run)(run.manifest, run.trials[::-1])
    assert page_of(run) == page_of(turned)


def test_medians_are_those_of_the_blocks(run: Any) -> None:
    for row in rows_of(page_of(run)).values():
        assert all(math.isfinite(value) for _, value in row.baseline.values)
        assert row.baseline.median.split()[0][0].isdigit()


def with_twins(run: Any, factor: float, blocks: int) -> Any:
    """Give every trial of the first blocks a twin, `factor` times as fast and scattered a little."""
    twins = [
        replace(
            trial,
            spec=replace(trial.spec, twin=True, position=trial.spec.position + 1000),
            readings=tuple(
                replace(reading, value=reading.value * factor * (1 + 0.002 * (-1) ** (trial.spec.block // 2)))
                for reading in trial.readings
            ),
        )
        for trial in run.trials
        if trial.spec.block < blocks
    ]
    plan = (*run.manifest.plan, *(trial.spec for trial in twins))
    return type(run)(replace(run.manifest, plan=plan), (*run.trials, *twins))


def test_twins_tell_the_noise_and_nothing_else() -> None:
    plain, twinned = sample_run(blocks=5), with_twins(sample_run(blocks=5), 1.0, 3)
    before, after = page_of(plain), page_of(twinned)
    assert before.groups == after.groups
    assert before.latency == after.latency
    assert (before.finding, "") == (after.finding, after.caution)
    assert "not known: no device was measured twice" in before.noise
    assert "(3 blocks, 48 pairs)" in after.standfirst
    assert "contains 1" in after.noise
    assert ("Trials", "128 ok") in after.tiles
    assert any(trial.twin for trial in after.cells[0].trials)


def test_a_campaign_that_tells_identical_arms_apart_says_so_in_its_headline() -> None:
    page = page_of(with_twins(sample_run(blocks=5), 1.04, 4))
    assert "Twins of the same device differ by 4 % [3." in page.headline
    assert page.headline.endswith("figures of this campaign carry that bias")


def test_one_twinned_block_is_a_point_and_no_caution() -> None:
    page = page_of(with_twins(sample_run(blocks=5), 1.3, 1))
    assert "one block has no interval" in page.standfirst
    assert "" == page.caution


def test_flagged_trials_are_counted_told_and_kept() -> None:
    def flag(trial: Trial) -> Trial:
        return replace(trial, flags=(Flag(FlagKind.UNSTEADY, "<b>"),)) if trial.spec.block < 2 else trial

    page, plain = page_of(sample_run(blocks=5).changed(flag)), page_of(sample_run(blocks=5))
    row = rows_of(page)["Random read, 4 KiB, depth 1"]
    assert "ide: 2 of 5 trials flagged unsteady, counted" in row.notes
    assert rows_of(plain)["Random read, 4 KiB, depth 1"].point == row.point
    assert ("Flagged", "32 trials, counted") in page.tiles
    assert ("unsteady: <b>",) == page.cells[0].trials[0].flags
    assert "<b>" not in html.render(page)
    assert "flagged, and counted all the same: 32 unsteady" in table.render(page, 100)


def test_the_correction_and_the_number_of_tests_are_named(run: Any) -> None:
    page = page_of(run)
    assert page.groups_note.startswith("8 comparisons. FASTER and SLOWER hold after Holm’s correction for 7 tests")


def test_a_pilot_says_that_it_is_no_result() -> None:
    run = sample_run(blocks=5)
    page = comparison.build(replace(run.manifest, purpose=Purpose.PILOT), run.trials)
    assert "a pilot, not a result" in page.headline
