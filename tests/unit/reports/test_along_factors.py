"""Comparisons along other factors than the device, from the matrix that is shipped as their example to the page."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pvbench import plan, wording
from pvbench.errors import UsageError
from pvbench.matrix import Matrix, expand, load
from pvbench.model import Arm, Cell, Contrast, Granted, HostFacts, Outcome, Placement, Reading, Scalar, Trial, TrialSpec
from pvbench.reports.comparison import build
from pvbench.reports.page import ComparisonPage, Row
from pvbench.reports.table import render
from pvbench.testing.runs import LAB, SampleRun, sample_manifest
from pvbench.views.compare import as_data, page_of

EXAMPLE = Path(__file__).parents[3] / "examples/tunables.yaml"
FASTER = {"netfront": 8.0, "blkfront": 12.0, ("queues", 4): 1.5, ("persistent_grants", True): 0.8}
Grant = Callable[[Arm, str, Scalar], str | None]


def matrix(text: str = "") -> Matrix:
    return load(text or EXAMPLE.read_text(encoding="utf-8"), name="tunables.yaml")


def as_asked(_: Arm, __: str, value: Scalar) -> str | None:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run_of(found: Matrix, grant: Grant = as_asked, **changes: object) -> SampleRun:
    specs = plan.make(
        expand(found), blocks=5, order="random", seed=1, placement=found.placement, contrasts=found.contrasts, twins=0.2
    ).trials
    return made(specs, grant, contrasts=found.contrasts, matrix_text=found.text, **changes)


def made(specs: Sequence[TrialSpec], grant: Grant = as_asked, **changes: object) -> SampleRun:
    rng = np.random.default_rng(1)
    trials = []
    for spec in specs:
        arm = spec.cell.arm
        acts = {"queues": {"netfront", "blkfront"}, "persistent_grants": {"blkfront"}}
        mine = [(name, value) for name, value in arm.tunables if arm.device in acts[name]]
        granted = tuple(
            Granted(name, as_asked(arm, name, value) or "", grant(arm, name, value)) for name, value in mine
        )
        ratio = math.prod(FASTER.get(what, 1.0) for what in (arm.device, *mine))
        reading = Reading(wording.primary(spec.cell.workload).name, 1000 * ratio * math.exp(rng.normal(0, 0.01)))
        started = f"2026-11-22T23:{spec.block:02d}:{spec.position % 60:02d}Z"
        trials.append(Trial(spec, Outcome.OK, None, started, (reading,), granted=granted))
    return SampleRun(sample_manifest(specs, blocks=5, **changes), tuple(trials))


def rows(page: ComparisonPage) -> dict[str, list[Row]]:
    return {group.caption.partition(" · ")[0]: list(group.rows) for group in page.groups}


def page(run: SampleRun) -> ComparisonPage:
    return build(run.manifest, run.trials)


def test_each_comparison_of_the_matrix_is_a_table_a_factor_kind_and_device() -> None:
    found = rows(page(run_of(matrix())))
    assert [
        "Disk, blkfront: queues 4 against 1",
        "Network, netfront: queues 4 against 1",
        "Disk, blkfront: persistent grants on against off",
        "Disk: blkfront against ide",
        "Network: netfront against e1000",
    ] == list(found)
    # The other tunables stay as they are in each row, and no cell is compared along what does not act on it.
    assert [2, 2, 2, 4, 4] == list(map(len, found.values()))
    titles = [row.workload for row in found["Disk, blkfront: queues 4 against 1"]]
    assert [True, True] == ["persistent grants" in title and "queues" not in title for title in titles]
    (one, _), (grants, _) = (
        found["Disk, blkfront: queues 4 against 1"],
        found["Disk, blkfront: persistent grants on against off"],
    )
    assert ("queues 1", "queues 4", "FASTER", pytest.approx(1.5, rel=0.05)) == (
        one.baseline.name,
        one.candidate.name,
        one.verdict,
        one.point,
    )
    assert ("SLOWER", pytest.approx(0.8, rel=0.05)) == (grants.verdict, grants.point)
    assert {("boot", 5, False)} == {(row.unit, row.units, row.indicative) for own in found.values() for row in own}


def test_all_comparisons_of_a_report_are_corrected_together_each_with_its_own_margin() -> None:
    found = page(run_of(matrix()))
    assert "correction for 14 tests" in found.groups_note
    assert "within 5 % (queues, device) or 3 % (persistent grants) of 1" in dict(found.method)["Verdicts"]
    told = dict(found.method)["One factor at a time"]
    assert "persistent grants: what both ends were granted, read back" in told
    assert "device: the counters and driver links" in told


def test_the_headline_says_what_each_factor_came_to() -> None:
    found = page(run_of(matrix()))
    queues, grants, devices = found.finding.split("; ")
    assert re.fullmatch(r"Arms with queues 4 are 1\.\S+× to 1\.\S+× faster than those with queues 1", queues)
    assert re.fullmatch(
        r"arms with persistent grants on are [0-9.× to]+ slower than those with persistent grants off", grants
    )
    assert re.fullmatch(r"paravirtualised devices are .* faster than emulated ones", devices)


def test_what_was_in_force_stands_beside_each_comparison_of_a_tunable() -> None:
    (row, *_) = rows(page(run_of(matrix())))["Network, netfront: queues 4 against 1"]
    assert "queues in force: 4 against 1" in row.not_had
    text = render(page(run_of(matrix())), 100)
    assert "queues 4 against 1" in text
    assert "queues in force: 4 against 1" in text
    assert "persistent grants in force: on against off" in text


def test_arms_that_had_the_same_in_force_are_no_comparison() -> None:
    def one_queue(arm: Arm, name: str, value: Scalar) -> str | None:
        return "1" if name == "queues" and arm.device == "netfront" else as_asked(arm, name, value)

    found = rows(page(run_of(matrix(), one_queue)))
    for row in found["Network, netfront: queues 4 against 1"]:
        assert ("INVALID", None, "", "") == (row.verdict, row.point, row.ratio, row.interval)
        assert "both arms had queues 1 in force, so nothing was compared" in row.not_had
        assert ("ok", "ok") == (row.baseline.status, row.candidate.status)
    assert {"FASTER"} == {row.verdict for row in found["Disk, blkfront: queues 4 against 1"]}
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        "  - {factor: persistent_grants, baseline: false, margin: 3%}\n", ""
    )
    only = text.replace("  - {factor: device, baseline: {net: e1000, block: ide}}\n", "")
    finding = page(run_of(matrix(only), lambda *_: "1")).finding
    assert "No comparison of queues: in each, an arm gave no number, or both were the same" == finding


def test_arms_that_had_the_same_in_force_in_one_boot_are_no_two_arms() -> None:
    def once(trial: Trial) -> Trial:
        if trial.spec.block != 2 or trial.spec.cell.device != "netfront":
            return trial
        return replace(trial, granted=tuple(replace(each, got="1") for each in trial.granted if each.name == "queues"))

    (row, *_) = rows(page(run_of(matrix()).changed(once)))["Network, netfront: queues 4 against 1"]
    assert ("INVALID", None) == (row.verdict, row.point)
    assert "trials of both arms had queues 1 in force, so these are no two arms" in row.not_had
    assert "queues 4: queues: 4 asked, not granted: 1 in force in 1 of 5 trials" in row.not_had


def test_what_was_granted_less_than_asked_is_compared_and_said_and_unknown_is_said_too() -> None:
    def two(arm: Arm, name: str, value: Scalar) -> str | None:
        return "2" if (name, value) == ("queues", 4) else as_asked(arm, name, value)

    (row, *_) = rows(page(run_of(matrix(), two)))["Network, netfront: queues 4 against 1"]
    assert "FASTER" == row.verdict
    assert "queues in force: 2 against 1" in row.not_had
    assert "queues 4: queues: 4 asked, not granted: 2 in force" in row.not_had

    (row, *_) = rows(page(run_of(matrix(), lambda *_: None)))["Network, netfront: queues 4 against 1"]
    assert "FASTER" == row.verdict
    assert {"queues 1: not known what was in force", "queues 4: not known what was in force"} <= set(row.not_had)


def test_an_arm_that_gave_nothing_leaves_its_comparison_without_a_verdict() -> None:
    def lost(trial: Trial) -> Trial:
        if dict(trial.spec.cell.tunables)["queues"] == 4 and trial.spec.cell.device == "netfront":
            return replace(trial, outcome=Outcome.NOT_MEASURED, reason="no guest", readings=(), granted=())
        return trial

    found = rows(page(run_of(matrix()).changed(lost)))["Network, netfront: queues 4 against 1"]
    assert {("NOT MEASURED", None)} == {(row.verdict, row.point) for row in found}
    assert "queues 4: 5 × no guest" in found[0].notes


def stacks(boots: int, blocks: int = 5) -> SampleRun:
    (workload,) = {cell.workload for cell in expand(matrix()) if cell.workload.tool == "iperf3"}
    kind = next(cell.kind for cell in expand(matrix()) if cell.workload == workload)
    cells = [Cell(Arm("lab", kind, "netfront", Placement.COEXIST, stack=stack), workload) for stack in ("new", "old")]
    contrast = Contrast("stack", "old")
    specs = plan.make(
        cells,
        blocks=blocks,
        order="random",
        seed=1,
        placement=Placement.COEXIST,
        boots_per_deployment=boots,
        contrasts=[contrast],
    ).trials
    return made(specs, contrasts=(contrast,))


def test_of_stacks_deployments_are_counted_and_not_their_boots() -> None:
    (row,) = rows(page(stacks(boots=3, blocks=4)))["Network, netfront: stack new against old"]
    assert ("deployment", 4, True) == (row.unit, row.units, row.indicative)
    assert "indicative (4 deployments)" in row.notes
    assert "fewer than 5 deployments" in render(page(stacks(boots=3, blocks=4)), 100)
    assert [1, 2, 3, 4] == [unit for unit, _ in row.baseline.values]


def test_hosts_are_compared_and_it_is_said_that_there_is_but_one_pair() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    two = text.partition("compare:")[0].replace("[lab]", "[xen1, xen2]").replace("queues: [1, 4]", "queues: 1")
    hosts: tuple[HostFacts, ...] = tuple(replace(LAB, name=name) for name in ("xen1", "xen2"))
    run = run_of(matrix(f"{two}compare: {{factor: host, baseline: xen1}}\n"), hosts=hosts)
    captions = list(rows(page(run)))
    assert "Disk, blkfront on this pair of hosts: host xen2 against xen1" in captions
    assert 4 == len(captions), "a table a device"


def test_the_backing_store_of_one_host_bounds_nothing_on_another() -> None:
    two = EXAMPLE.read_text(encoding="utf-8").partition("compare:")[0].replace("hosts: [lab]", "hosts: [xen1, xen2]")
    hosts: tuple[HostFacts, ...] = tuple(replace(LAB, name=name) for name in ("xen1", "xen2"))
    run = run_of(matrix(f"{two}compare: {{factor: host, baseline: xen1}}\n"), hosts=hosts)

    def as_slow_as_its_store(trial: Trial) -> Trial:
        return replace(trial, ceiling=trial.readings) if trial.spec.cell.host == "xen1" else trial

    found = rows(page(run.changed(as_slow_as_its_store)))[
        "Disk, blkfront on this pair of hosts: host xen2 against xen1"
    ]

    assert "CAPPED" not in {row.verdict for row in found}


def test_of_several_values_and_hosts_a_report_speaks_as_people_do() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").partition("compare:")[0]
    many = text.replace("[lab]", "[xen1, xen2, xen3]").replace("queues: [1, 4]", "queues: [1, 2, 16, 4]")
    hosts: tuple[HostFacts, ...] = tuple(replace(LAB, name=name) for name in ("xen1", "xen2", "xen3"))
    both = "compare: [{factor: queues, baseline: 1}, {factor: host, baseline: xen2}]\n"
    found = page(run_of(matrix(many + both), hosts=hosts))
    assert "Network, netfront on xen1: queues 2, 4 and 16 against 1" in rows(found)
    assert "Network, netfront on these hosts: host xen1 and xen3 against xen2" in rows(found)
    queues, host = found.finding.split("; ")
    assert "rms with queues 4 are 1.49× to 1.51× faster than those with queues 1 in 12 of 36 comparisons" in queues
    assert "rms on xen1 and xen3 " in host
    titles = {row.workload for row in rows(found)["Network, netfront on xen1: queues 2, 4 and 16 against 1"]}
    assert 2 == sum(title.endswith(("persistent grants on", "persistent grants off")) for title in titles)
    assert "as if they were two arms" in found.noise


QUEUES = "Network, netfront: queues 4 against 1"


@pytest.mark.parametrize(
    ("words", "captions"),
    [
        ((), 5),
        (("queues",), 2),
        (("persistent_grants",), 1),
        (("device",), 2),
        (("queues", "4", "1"), 2),
        (("persistent_grants", "false", "true"), 1),
        (("device", "ide", "blkfront"), 1),
        (("ide", "blkfront"), 1),
    ],
)
def test_compare_prints_every_comparison_or_what_is_named(words: tuple[str, ...], captions: int) -> None:
    run = run_of(matrix())
    found = page_of(run.manifest, run.trials, words)
    assert captions == len(found.groups)
    assert (not words) or not found.singles, "what is not compared is not shown"


def test_compare_turns_what_is_asked_for_round() -> None:
    run = run_of(matrix())
    (row, *_) = rows(page_of(run.manifest, run.trials, ["queues", "4", "1"]))["Network, netfront: queues 1 against 4"]
    assert ("SLOWER", pytest.approx(1 / 1.5, rel=0.05)) == (row.verdict, row.point)
    data = as_data(page_of(run.manifest, run.trials, ["queues"]))
    assert {("queues", "boot", 5)} == {(each["factor"], each["unit"], each["units"]) for each in data["comparisons"]}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_factor_that_the_matrix_does_not_compare_is_compared_with_its_lowest_value(seed: int) -> None:
    devices = matrix(
        f"{EXAMPLE.read_text(encoding='utf-8').partition('compare:')[0]}compare: {{baseline: {{net: e1000}}}}"
    )
    run = run_of(devices)
    shuffled = np.random.default_rng(seed).permutation(len(run.manifest.plan))
    manifest = replace(run.manifest, plan=tuple(run.manifest.plan[index] for index in shuffled))
    assert QUEUES in rows(page_of(manifest, run.trials, ["queues"]))
    assert ["Disk, blkfront: persistent grants on against off"] == list(
        rows(page_of(manifest, run.trials, ["persistent_grants"]))
    )


def test_a_switch_is_named_as_the_report_names_it_or_as_the_matrix_does() -> None:
    run = run_of(matrix())
    pages = [
        page_of(run.manifest, run.trials, ["persistent_grants", *words]) for words in (["on", "off"], ["true", "false"])
    ]
    assert pages[0] == pages[1]
    assert ["Disk, blkfront: persistent grants off against on"] == list(rows(pages[0]))


def test_two_cells_of_a_device_that_the_factor_does_not_act_on_are_no_comparison() -> None:
    run = run_of(matrix())
    one, other = (
        next(spec.cell.id for spec in run.manifest.plan if (spec.cell.device, spec.cell.tunables) == ("e1000", asked))
        for asked in ((("persistent_grants", True), ("queues", number)) for number in (1, 4))
    )
    with pytest.raises(UsageError, match="are of e1000, for which queues means nothing"):
        page_of(run.manifest, run.trials, [one, other])


def test_compare_takes_two_cells_that_differ_in_any_one_factor() -> None:
    run = run_of(matrix())
    cells = {
        (cell.device, *dict(cell.tunables).values()): cell.id
        for cell in {spec.cell for spec in run.manifest.plan}
        if cell.workload.tool == "iperf3"
    }
    one, other = cells["netfront", True, 1], cells["netfront", True, 4]
    assert [QUEUES] == list(rows(page_of(run.manifest, run.trials, [one, other])))
    with pytest.raises(UsageError, match="differ in more than one factor"):
        page_of(run.manifest, run.trials, [one, cells["netfront", False, 4]])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["quues"], "'quues' is no factor of .*did you mean 'queues'"),
        (["mtu"], "mtu is the same in all cells"),
        (["queues", "1", "2"], "queues is never '2' in .*one of "),
        (["queues", "1", "1"], "compared with itself"),
        (["persistent_grants", "on", "true"], "compared with itself"),
        (["queues", "4"], "queues with one value: two are compared"),
    ],
)
def test_compare_says_what_cannot_be_compared(words: list[str], says: str) -> None:
    run = run_of(matrix())
    with pytest.raises(UsageError, match=says):
        page_of(run.manifest, run.trials, words)
