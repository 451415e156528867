"""Several runs side by side: what differs is told first, and no change is told without it."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from pvbench.errors import UsageError
from pvbench.model import Emulation, Purpose, Reading, Trial
from pvbench.reports.made import FORMATS, make
from pvbench.reports.several import chart, html
from pvbench.reports.several.build import build
from pvbench.reports.several.page import RunsPage
from pvbench.store.record import Record
from pvbench.testing.runs import LAB, LOADS, SampleRun, sample_run

NASTY = "</script><img src=x onerror=alert(1)>"


def record(run: SampleRun, run_id: str) -> Record:
    return Record(replace(run.manifest, run_id=run_id), run.trials)


def runs(change: Callable[[SampleRun], SampleRun] = lambda run: run) -> RunsPage:
    """The page of a run beside another of the same matrix, which is as `change` makes it."""
    first, other = (sample_run(blocks=6, seed=seed, workloads=LOADS[::3]) for seed in (1, 2))
    other = change(other)
    return build([record(first, "one"), record(other, "two")])


def slower(device: str, factor: float) -> Callable[[SampleRun], SampleRun]:
    def slow(trial: Trial) -> Trial:
        if trial.spec.cell.device != device:
            return trial
        first, *rest = trial.readings
        return replace(trial, readings=(Reading(first.metric, first.value / factor), *rest))

    return lambda run: run.changed(slow)


def verdicts(page: RunsPage) -> dict[str, set[str]]:
    return {
        device: {side.verdict for row in page.cells if row.device == device for side in row.sides[1:] if side}
        for device in {row.device for row in page.cells}
    }


def test_runs_of_the_same_conditions_warn_of_nothing_and_find_no_change() -> None:
    page = runs()

    assert page.warning == ""
    assert page.conditions == ()
    assert set.union(*verdicts(page).values()) == {"NO CHANGE PROVEN"}
    assert page.headline == "2 runs side by side: 6 of 6 cells in both"


def test_a_change_that_is_proven_is_told_for_the_cells_that_have_it() -> None:
    told = verdicts(runs(slower("netfront", 2)))

    assert "WORSE" in told["netfront"]
    assert told["blkfront"] == {"NO CHANGE PROVEN"}


@pytest.mark.parametrize(
    ("facts", "kind", "words"),
    [
        ({"kernel": "Linux 6.12.1"}, "stack", "kernel (A: Linux 6.1.0-40-amd64 | B: Linux 6.12.1)"),
        ({"hypervisor": "Xen 4.20.0"}, "stack", "hypervisor (A: Xen 4.17.6 | B: Xen 4.20.0)"),
        ({"cpus": 4}, "machine", "4 CPUs"),
        ({"name": "other"}, "host", "hosts (A: lab | B: other)"),
        ({"details": (("scheduler", "credit"),)}, "preflight", "scheduler (A: credit2 | B: credit)"),
        ({"speed": 0.2}, "machine", "measured speed"),
    ],
)
def test_what_differs_of_the_hosts_is_named_and_stands_beside_every_verdict(
    facts: dict[str, object], kind: str, words: str
) -> None:
    page = runs(lambda run: slower("netfront", 2)(run).on(replace(LAB, **facts)))  # type: ignore[arg-type]

    assert words in page.warning
    assert kind in {row.kind for row in page.conditions}
    whys = {side.why for row in page.cells for side in row.sides[1:] if side and side.verdict}
    assert all(why.startswith("but ") and kind in why for why in whys)


def said(trial: Trial, **facts: str) -> Trial:
    return replace(trial, guest_facts=(("init", "init"), *facts.items()))


def test_what_a_guest_said_otherwise_is_named_and_what_one_run_did_not_tell_is_no_difference() -> None:
    first, other = (sample_run(workloads=LOADS[:1]).changed(partial(said, kernel=each)) for each in ("6.1", "6.12"))
    older = sample_run(workloads=LOADS[:1])

    assert "builtin: kernel (A: 6.1 | B: 6.12)" in build([record(first, "one"), record(other, "two")]).warning
    assert "builtin" not in build([record(first, "one"), record(older, "two")]).warning


def test_a_host_of_another_emulation_has_no_verdict_but_its_figures() -> None:
    page = runs(lambda run: slower("netfront", 9)(run).on(replace(LAB, emulation=Emulation.BARE_METAL)))

    assert "accelerator" in page.warning
    assert set.union(*verdicts(page).values()) == {"NO VERDICT"}
    assert all(side and side.ratio for row in page.cells for side in row.sides[1:])


def test_the_label_says_whose_figures_it_stands_beside() -> None:
    page = runs(lambda run: run.on(replace(LAB, emulation=Emulation.BARE_METAL)))

    assert page.label == "A: software emulation; B: bare metal"


def test_the_figure_draws_each_run_and_says_it_in_words() -> None:
    first, other = sample_run(workloads=LOADS[:3]), sample_run(workloads=LOADS[2:5])
    page = build([record(first, "one"), record(other, "two")])

    drawn = chart.ladder(page)

    tree = ElementTree.fromstring(drawn)
    words = [each.text or "" for each in tree.iter() if each.tag.endswith("}text")]
    assert [words.count(letter) for letter in "AB"] == [len(page.ratios)] * 2
    assert words.count("not in this run") == 4
    described = next(each.text or "" for each in tree.iter() if each.tag.endswith("}desc"))
    assert described.count("not in this run") == 4
    assert all(side.ratio in described for row in page.ratios for side in row.sides if side and side.ratio)


def test_a_page_without_a_ratio_has_no_figure() -> None:
    page = runs(lambda run: run)
    assert chart.ladder(replace(page, ratios=())) == ""


def test_a_figure_of_very_many_comparisons_says_how_many_more_there_are() -> None:
    page = runs()
    assert f"{100 * len(page.ratios) - 60} more in the table" in chart.ladder(replace(page, ratios=page.ratios * 100))


def test_a_pilot_has_no_verdict() -> None:
    page = runs(lambda run: SampleRun(replace(run.manifest, purpose=Purpose.PILOT), run.trials))

    assert set.union(*verdicts(page).values()) == {"NO VERDICT"}


def test_cells_are_matched_across_hosts_of_other_names() -> None:
    def moved(trial: Trial) -> Trial:
        cell = trial.spec.cell
        return replace(trial, spec=replace(trial.spec, cell=replace(cell, arm=replace(cell.arm, host="other"))))

    def on_other(run: SampleRun) -> SampleRun:
        made = run.changed(moved)
        plan = tuple(trial.spec for trial in made.trials)
        return SampleRun(replace(run.manifest, hosts=(replace(LAB, name="other"),), plan=plan), made.trials)

    page = runs(on_other)

    assert len(page.cells) == 6
    assert page.lone == ()


def test_what_one_run_alone_has_is_listed() -> None:
    first, other = sample_run(workloads=LOADS[:3]), sample_run(workloads=LOADS[2:5])

    page = build([record(first, "one"), record(other, "two")])

    assert len(page.cells) == 2
    assert [each.letter for each in page.lone] == ["A"] * 4 + ["B"] * 4
    assert page.headline == "2 runs side by side: 2 of 10 cells in both"
    assert [side is None for row in page.ratios for side in row.sides].count(True) == 4


def test_a_cell_that_gave_no_figure_has_no_ratio() -> None:
    page = runs(lambda run: run.changed(lambda trial: None if trial.spec.cell.device == "ide" else trial))

    sides = [row.sides[1] for row in page.cells if row.device == "ide"]
    assert {(side.median, side.verdict, side.value) for side in sides if side} == {("NOT MEASURED", "", None)}


def test_a_run_beside_itself_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="beside itself"):
        make([record(sample_run(), "one")] * 2, "html", redacted=False)


def test_more_runs_than_letters_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="13 runs are too many"):
        make([record(sample_run(blocks=1), f"r{number}") for number in range(13)], "html", redacted=False)


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_are_text_in_every_format(form: str) -> None:
    host = replace(LAB, name=NASTY, machine=NASTY, details=((NASTY, NASTY),))
    first = record(sample_run(blocks=1), "one")
    other = sample_run(blocks=1).on(host)
    manifest = replace(other.manifest, run_id=NASTY, matrix_name=NASTY, matrix_text=NASTY, command=(NASTY,))

    text = make([first, Record(manifest, other.trials)], form, redacted=False).text

    tags: list[str] = []
    if form in {"html", "md"}:
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
        parser.feed(text)
        assert "img" not in tags
        assert tags.count("script") == (2 if form == "html" else 0)
    if form == "json":
        assert json.loads(text)["runs"]["runs"][1]["run_id"] == NASTY
    if form == "csv":
        assert NASTY in {row[0] for row in csv.reader(io.StringIO(text))}


def test_the_page_holds_its_figures_as_json() -> None:
    text = html.render(runs())

    told = json.loads(text.partition('id="pvbench-report">')[2].partition("</script>")[0])
    assert told["runs"]["runs"][0]["letter"] == "A"


def test_redacted_runs_call_one_host_the_same() -> None:
    first, other = sample_run(blocks=1), sample_run(blocks=1)
    host = replace(LAB, name="zeus-prod7")

    made = make([record(first.on(host), "one"), record(other.on(host), "two")], "json", redacted=True)

    assert "zeus" not in made.text
    hosts = {dict(run["tiles"])["Host"] for run in json.loads(made.text)["runs"]["runs"]}
    assert hosts == {"host-1"}
