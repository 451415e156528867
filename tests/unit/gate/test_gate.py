"""The gate: what regresses, vanishes, is disturbed or constant, and what merely differs by noise."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from markdown_it import MarkdownIt

from pvbench.errors import PvbenchError, StoreError, UsageError
from pvbench.exit_codes import ExitCode
from pvbench.gate import baselines, junit, markdown
from pvbench.gate.judgement import gate
from pvbench.gate.limits import Limit, Limits, load
from pvbench.gate.nouns import Gated, Side, State
from pvbench.gate.sides import lasting, meant, sides
from pvbench.gate.words import notes
from pvbench.model import Cell, Flag, FlagKind, Outcome, Reading, Trial, TrialSpec
from pvbench.printable import clean
from pvbench.testing.runs import failed, sample_run
from tests.unit.gate.runs import BLOCKS, again, before, is_victim, side, times

USUAL = Limits()
VICTIM = "blkfront, Random read, 4 KiB, depth 1"
BESIDE = "blkfront ÷ ide, Random read, 4 KiB, depth 1"


def worst(gated: Gated) -> tuple[State, str]:
    return gated.rows[0].state, gated.rows[0].title


def test_two_runs_of_the_same_pass() -> None:
    gated = gate(before(), again(), USUAL)

    assert gated.code is ExitCode.DONE
    assert {row.state for row in gated.rows} == {State.OK}
    assert Counter(bool(row.against) for row in gated.rows) == {False: 16, True: 8}
    assert gated.ruled_out is not None
    assert 0 < gated.ruled_out < 0.25


def test_a_cell_that_is_half_as_fast_has_regressed_and_stands_first() -> None:
    gated = gate(before(), again(times(0.5)), USUAL)

    assert gated.code is ExitCode.REGRESSED
    assert {row.title for row in gated.rows if row.state is State.REGRESSED} == {VICTIM, BESIDE}
    assert [row.state for row in gated.rows[:2]] == [State.REGRESSED] * 2


def test_a_cell_that_is_half_as_fast_again_has_improved_and_passes() -> None:
    gated = gate(before(), again(times(1.5)), USUAL)

    assert gated.code is ExitCode.DONE
    assert {row.title for row in gated.rows if row.state is State.IMPROVED} == {VICTIM, BESIDE}


def test_a_cell_that_is_thrice_as_fast_is_not_believed() -> None:
    gated = gate(before(), again(times(3)), USUAL)

    assert gated.code is ExitCode.NOT_MEASURED
    assert worst(gated)[0] is State.IMPLAUSIBLE


def test_a_host_that_is_slower_as_a_whole_says_so() -> None:
    def slower(trial: Trial) -> Trial:
        readings = tuple(Reading(each.metric, each.value * 0.6) for each in trial.readings)
        return replace(trial, readings=readings)

    gated = gate(before(), again(slower), USUAL)

    assert gated.code is ExitCode.REGRESSED
    assert {row.state for row in gated.rows if row.against} == {State.OK}
    assert any("every cell of lab is worse, and none beside its baseline arm" in note for note in notes(gated))
    assert not any("every cell" in note for note in notes(gate(before(), again(times(0.6)), USUAL)))


def test_what_stands_well_is_folded_in_a_summary() -> None:
    page = markdown.render(gate(before(), again(times(0.5)), USUAL))

    seen, _, folded = page.partition("<details><summary>22 ok</summary>")
    assert seen.count("| regressed |") == 2
    assert "| ok |" not in seen
    assert folded.count("| ok |") == 22


def test_a_summary_of_very_many_rows_fits_a_comment() -> None:
    gated = gate(before(), again(times(0.5)), USUAL)

    page = markdown.render(replace(gated, rows=gated.rows[:2] * 600 + gated.rows[2:] * 60))

    assert len(page) < 65_536
    assert "1100 more are left out here." in page
    assert "1220 more are left out here." in page


def test_a_metric_with_a_limit_of_its_own_is_gated_beside_the_primary_one() -> None:
    def slower(trial: Trial) -> Trial:
        readings = [
            Reading(each.metric, each.value * (3 if each.metric == "latency_mean" else 1)) for each in trial.readings
        ]
        return replace(trial, readings=tuple(readings)) if is_victim(trial) else trial

    assert gate(before(), again(slower), USUAL).code is ExitCode.DONE
    gated = gate(before(), again(slower), Limits(metrics={"latency_mean": Limit(0.5, 0.8)}))
    assert gated.code is ExitCode.REGRESSED
    assert [row.metric.name for row in gated.rows if row.state is State.REGRESSED] == ["latency_mean"]


def test_a_cell_that_vanished_is_missing_and_does_not_pass() -> None:
    without = again(lambda trial: None if is_victim(trial) else trial)
    plan = tuple(spec for spec in without.manifest.plan if spec.cell.id in {t.spec.cell.id for t in without.trials})

    for now in (without, Side(replace(without.manifest, plan=plan), without.trials)):
        gated = gate(before(), now, USUAL)
        assert gated.code is ExitCode.NOT_MEASURED
        assert worst(gated) == (State.MISSING, VICTIM)


def test_what_the_baseline_measured_nothing_of_is_never_told_as_new() -> None:
    gone = again(lambda trial: failed(trial, Outcome.NOT_MEASURED, "no answer") if is_victim(trial) else trial)
    without = again(lambda trial: None if is_victim(trial) else trial)
    planless = tuple(spec for spec in without.manifest.plan if spec in {each.spec for each in without.trials})

    for older, state, code in (
        (gone, State.UNDETERMINED, ExitCode.NOT_MEASURED),
        (again(times(0)), State.UNDETERMINED, ExitCode.NOT_MEASURED),
        (Side(replace(without.manifest, plan=planless), without.trials), State.NEW, ExitCode.DONE),
    ):
        gated = gate(older, before(), USUAL)
        assert gated.code is code
        assert [row.state for row in gated.rows if row.title == VICTIM] == [state]


def test_trials_without_a_figure_are_told_beside_those_that_gave_one() -> None:
    def some(trial: Trial) -> Trial:
        return failed(trial, Outcome.NOT_MEASURED, "gone") if is_victim(trial) and trial.spec.block < 2 else trial

    gated = gate(before(), again(some), USUAL)

    assert [row.why for row in gated.rows if row.title == VICTIM] == ["2 trials gave no figure"]


def test_a_metric_that_is_named_and_read_nowhere_does_not_pass() -> None:
    gated = gate(before(), again(), Limits(metrics={"jitter": Limit()}))

    assert gated.code is ExitCode.NOT_MEASURED
    assert (gated.rows[0].title, gated.rows[0].metric.name) == ("every cell", "jitter")


def test_what_is_proven_comes_before_what_is_contaminated_and_that_before_what_is_missing() -> None:
    def spoilt(**spoil: Callable[[Trial], Trial | None]) -> ExitCode:
        """Return how a gate ends of whose devices some were spoilt."""
        return gate(before(), again(lambda trial: spoil.get(trial.spec.cell.device, same)(trial)), USUAL).code

    assert spoilt(netfront=lambda _: None) is ExitCode.NOT_MEASURED
    assert spoilt(netfront=lambda _: None, ide=wrong) is ExitCode.CONTAMINATED
    assert spoilt(netfront=lambda _: None, ide=wrong, blkfront=times(0.5)) is ExitCode.REGRESSED


def same(trial: Trial) -> Trial:
    return trial


def wrong(trial: Trial) -> Trial:
    return failed(trial, Outcome.INVALID, "another device carried it")


def test_a_cell_with_one_figure_in_every_boot_measured_nothing() -> None:
    def constant(trial: Trial) -> Trial:
        return replace(trial, readings=(Reading("iops", 2000.0),)) if is_victim(trial) else trial

    gated = gate(before(), again(constant), USUAL)

    assert gated.code is ExitCode.NOT_MEASURED
    assert worst(gated) == (State.CONSTANT, VICTIM)
    assert gated.rows[0].why == f"{BLOCKS} boots gave exactly one figure"
    assert gate(again(constant), again(constant), USUAL).count(State.CONSTANT) == 1


def test_a_cell_that_reads_zero_measured_nothing() -> None:
    gated = gate(before(), again(times(0)), USUAL)

    assert gated.code is ExitCode.NOT_MEASURED
    assert (gated.rows[0].state, gated.rows[0].why) == (State.CONSTANT, "it read zero")


def test_a_disturbed_trial_and_a_wrong_path_contaminate_their_cell() -> None:
    disturbed = again(flagged(range(BLOCKS)))
    invalid = again(lambda trial: wrong(trial) if is_victim(trial) else trial)

    for now, why in ((disturbed, "disturbed"), (invalid, "another device carried it")):
        gated = gate(before(), now, USUAL)
        assert gated.code is ExitCode.CONTAMINATED
        assert gated.count(State.CONTAMINATED) == 1
        assert why in gated.rows[0].why


def flagged(blocks: Collection[int]) -> Callable[[Trial], Trial]:
    flag = Flag(FlagKind.DISTURBED, "another guest took 40 %")
    return lambda each: replace(each, flags=(flag,)) if is_victim(each) and each.spec.block in blocks else each


def test_some_trials_of_a_cell_may_be_disturbed() -> None:
    for blocks, code in ((range(2), ExitCode.DONE), (range(3), ExitCode.CONTAMINATED)):
        assert gate(before(), again(flagged(blocks)), USUAL).code is code
    assert gate(before(), again(flagged([0])), Limits(disturbed=0)).code is ExitCode.CONTAMINATED


def test_another_kernel_contaminates_unless_it_was_changed_on_purpose() -> None:
    now = again(times(0.5))
    host = replace(now.manifest.hosts[0], kernel="Linux 6.12.0")
    now = Side(replace(now.manifest, hosts=(host,)), now.trials)

    assert gate(before(), now, USUAL).code is ExitCode.CONTAMINATED
    asked = gate(before(), now, USUAL, changed=["kernel"])
    assert asked.code is ExitCode.REGRESSED
    assert [each.words for each in asked.expected] == ["kernel of lab: Linux 6.1.0-40-amd64 before, Linux 6.12.0 now"]


@pytest.mark.parametrize(
    ("detail", "part"),
    [
        ("xen command line", "hypervisor"),
        ("hypervisor build-id", "hypervisor"),
        ("dom0 command line", "kernel"),
        ("kernel version", "kernel"),
        ("governor", "machine"),
        ("machine id", "machine"),
        ("stack deployed", "stack"),
        ("device model", "programs"),
        ("iperf3", "programs"),
    ],
)
def test_each_detail_of_a_host_is_of_the_part_that_it_belongs_to(detail: str, part: str) -> None:
    def with_detail(side: Side, value: str) -> Side:
        hosts = tuple(replace(host, details=((detail, value),)) for host in side.manifest.hosts)
        return Side(replace(side.manifest, hosts=hosts), side.trials)

    gated = gate(with_detail(before(), "one"), with_detail(again(), "other"), USUAL)

    assert [each.part for each in gated.unexpected] == [part]


def test_a_stack_that_was_built_anew_is_the_same_cell_and_a_difference() -> None:
    def on(side: Side, digest: str) -> Side:
        def moved(spec: TrialSpec) -> TrialSpec:
            return replace(spec, cell=Cell(replace(spec.cell.arm, stack=f"xen@{digest}"), spec.cell.workload))

        plan = tuple(map(moved, side.manifest.plan))
        trials = tuple(replace(trial, spec=moved(trial.spec)) for trial in side.trials)
        return Side(replace(side.manifest, plan=plan), trials)

    gated = gate(on(before(), "aaaa"), on(again(), "bbbb"), USUAL, changed=["stack"])

    assert gated.code is ExitCode.DONE
    assert gated.count(State.MISSING) == gated.count(State.NEW) == 0
    assert [each.part for each in gated.expected] == ["stack"]


def test_one_boot_each_gives_no_interval_and_never_passes() -> None:
    one = Side(replace(before().manifest, run_id="one"), sample_run(1, seed=1).trials)
    other = Side(replace(again().manifest, run_id="other"), sample_run(1, seed=2).trials)

    gated = gate(one, other, USUAL)

    assert gated.code is ExitCode.NOT_MEASURED
    assert "two boots" in gated.rows[0].why


def test_a_loss_that_is_not_ruled_out_does_not_pass_unless_it_is_allowed_to() -> None:
    tight = Limits(metrics={"iops": Limit(0.01, 0.02)})
    gated = gate(before(), again(), tight)

    assert gated.code is ExitCode.NOT_MEASURED
    assert gate(before(), again(), tight, lenient=True).code is ExitCode.DONE
    unknown = gated.rows[0]
    assert unknown.state is State.UNDETERMINED
    assert unknown.blocks is not None
    assert unknown.blocks > BLOCKS
    assert unknown.why.endswith(f"about {unknown.blocks} blocks in each run rule it out")


def test_where_nothing_could_be_told_of_anything_nothing_passes() -> None:
    few = [side(sample_run(1, seed=seed), str(seed)) for seed in (1, 2)]
    gated = gate(*few, USUAL, lenient=True)

    assert gated.code is ExitCode.NOT_MEASURED
    assert b'errors="1"' in junit.encode(gated)


def test_nothing_in_common_is_no_pass() -> None:
    empty = Side(replace(before().manifest, plan=()), ())

    assert gate(empty, empty, USUAL).code is ExitCode.NOT_MEASURED


HOSTILE = "</script><img src=x onerror=alert(1)>|`\x1b[2J&\ud800"


def test_names_of_others_are_text_in_markdown_and_xml() -> None:
    def named(side: Side) -> Side:
        def moved(spec: TrialSpec) -> TrialSpec:
            return replace(spec, cell=Cell(replace(spec.cell.arm, host=HOSTILE), spec.cell.workload))

        return Side(
            replace(side.manifest, plan=tuple(map(moved, side.manifest.plan))),
            tuple(replace(trial, spec=moved(trial.spec)) for trial in side.trials),
        )

    gated = gate(named(before()), named(again(times(0.5))), USUAL)

    page = markdown.render(gated)
    shown = MarkdownIt("gfm-like", {"linkify": False}).parse(page)
    assert {token.content for token in shown if token.type == "html_block"} == {
        "<details><summary>22 ok</summary>\n",
        "</details>\n",
    }
    assert sum(token.type == "tr_open" for token in shown) == 2 + len(gated.rows)
    texts = ["".join(part.content for part in each.children or ()) for each in shown if each.type == "inline"]
    assert texts.count(clean(HOSTILE)) == len(gated.rows)
    assert "\x1b" not in page
    (suite,) = JUnitXml.fromstring(junit.encode(gated))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (24, 2, 0, 0)
    assert [type(result) for case in suite for result in case.result] == [Failure, Failure]
    assert clean(HOSTILE) in {case.classname for case in suite}


def test_junit_counts_what_it_holds_whatever_the_gate_found() -> None:
    def spoilt(trial: Trial) -> Trial | None:
        if trial.spec.cell.workload.tool == "netperf":
            return None
        return times(0.5)(flagged(range(BLOCKS))(trial)) if trial.spec.cell.device == "blkfront" else trial

    for gated in (gate(before(), again(spoilt), USUAL), gate(again(spoilt), before(), USUAL)):
        (suite,) = JUnitXml.fromstring(junit.encode(gated))
        ends = Counter(type(result) for case in suite for result in case.result)
        assert (suite.failures, suite.errors, suite.skipped) == (ends[Failure], ends[Error], ends[Skipped])
        assert suite.tests == len(list(suite)) == len(gated.rows)
        assert sum(ends.values()) == sum(row.state not in (State.OK, State.IMPROVED) for row in gated.rows)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("schema: 1\nmetrics: {iop: {}}\n", "gate.yaml:2:11: unknown key 'iop' in metrics; did you mean 'iops'?"),
        ("schema: 1\nmetrics: {iops: 5%}\n", "gate.yaml:2:17: "),
        ("schema: 1\nworse: 5\n", "gate.yaml:2:8: "),
        ("schema: 1\nunseen: 2%\n", "gate.yaml:2:9: 'unseen' is less than 'worse'"),
        ("schema: 1\nmetrics: {iops: {worse: 9%, unseen: 8%}}\n", "gate.yaml:2:17: 'unseen' is less than 'worse'"),
        ("schema: 2\n", "gate.yaml:1:9: "),
        ("schema: 1\nmetrics: {}\n", "gate.yaml:2:10: metrics is empty"),
    ],
)
def test_a_wrong_gate_file_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(PvbenchError) as caught:
        load(text, name="gate.yaml")

    assert caught.value.message.startswith(told)


def test_a_gate_file_says_limits_by_metric() -> None:
    limits = load(
        "schema: 1\nworse: 7%\nmetrics: {latency_p99: {worse: 30%}, jitter: {unseen: 80%}}\n", name="gate.yaml"
    )

    assert limits.of("iops") == Limit(0.07, 0.25)
    assert limits.of("latency_p99") == Limit(0.3, 0.3)
    assert limits.of("jitter") == Limit(0.07, 0.8)
    assert limits.disturbed == 0.2


def test_a_baseline_is_a_name_for_a_run_and_the_nearest_is_told(tmp_path: Path) -> None:
    run = sample_run(2)
    run.stored(tmp_path)
    baselines.put(tmp_path, baselines.Baseline("main", run.manifest.run_id, "2026-11-29T06:00:00+00:00"))

    assert meant(tmp_path, "main") == meant(tmp_path, run.manifest.run_id) == run.manifest.run_id
    with pytest.raises(UsageError, match="did you mean 'main'"):
        meant(tmp_path, "mian")
    with pytest.raises(UsageError, match="beside itself"):
        sides(tmp_path, meant(tmp_path, "main"), run.manifest.run_id)
    with pytest.raises(UsageError, match=r"main is .*, set 2026-11-29T06"):
        baselines.put(tmp_path, baselines.Baseline("main", "another", "2026-11-30T06:00:00+00:00"))
    baselines.put(tmp_path, baselines.Baseline("main", "another", "2026-11-30T06:00:00+00:00"), replace=True)
    assert [each.run for each in baselines.every(tmp_path)] == ["another"]
    with pytest.raises(UsageError, match="is not under"):
        lasting(tmp_path / "others", str(tmp_path / "runs" / run.manifest.run_id))
    (tmp_path / "baselines/main.json").write_text("{")
    with pytest.raises(StoreError, match=r"main\.json"):
        baselines.every(tmp_path)


@pytest.mark.parametrize("name", ["", "-x", "../up", "a b", "last", "history", "n" * 101, "\x1b[2J"])
def test_a_name_that_means_something_else_is_no_baseline(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        baselines.put(tmp_path, baselines.Baseline(name, "run", "2026-11-29T06:00:00+00:00"))

    assert not (tmp_path / "baselines").exists()
