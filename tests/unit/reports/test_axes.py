"""Sweeps as curves, tunables in titles, and what was asked for and not had."""

from dataclasses import replace
from typing import Any

import pytest

from pvbench.model import Cell, DeviceKind, Granted, Reading, Trial, Workload
from pvbench.reports import comparison, html, shortfalls, table
from pvbench.reports.page import ComparisonPage, Row
from pvbench.testing.runs import Load, sample_run, workload

BLOCK, NET = DeviceKind.BLOCK, DeviceKind.NET


def _tuned(cell: Cell) -> Cell:
    return replace(cell, arm=replace(cell.arm, tunables=(("queues", 4),)))


def fio(depth: int, **more: str | float) -> Workload:
    engine = "libaio" if depth > 1 else "psync"
    return workload("fio", rw="randread", bs=4096, iodepth=depth, ioengine=engine, direct=True, numjobs=1, **more)


DEPTHS = [Load(BLOCK, fio(depth), "iops", 210 * depth**0.15, 9.0 * depth**0.3) for depth in (1, 2, 4, 8, 16, 32)]
SIZES = [
    Load(NET, workload("netperf", test="TCP_STREAM", send=size), "goodput", 5e5 * size**0.4, 20.0)
    for size in (64, 512, 4096, 16384)
]
MIXED = [*DEPTHS, *SIZES]


def page(run: Any) -> ComparisonPage:
    return comparison.build(run.manifest, run.trials)


def only(found: ComparisonPage) -> Row:
    (row,) = [row for group in found.groups for row in group.rows]
    return row


def test_a_sweep_of_depths_is_a_curve_of_throughput_against_latency() -> None:
    (curve,) = page(sample_run(workloads=DEPTHS)).curves
    assert ("Random read by depth", "iops", "latency_mean") == (curve.title, curve.across, curve.up)
    assert ["ide", "blkfront"] == [line.device for line in curve.lines]
    assert ["1", "2", "4", "8", "16", "32"] == [point.name for point in curve.lines[0].points]
    assert "software emulation" in curve.caption


def test_a_sweep_of_sizes_is_a_curve_of_rate_by_size() -> None:
    (curve,) = page(sample_run(workloads=SIZES)).curves
    assert ("", "goodput") == (curve.across, curve.up)
    assert ["64 B", "512 B", "4 KiB", "16 KiB"] == [point.name for point in curve.lines[0].points]


def test_two_points_are_no_curve_and_another_axis_is_another_curve() -> None:
    assert () == page(sample_run(workloads=DEPTHS[:2])).curves
    assert 2 == len(page(sample_run(workloads=MIXED)).curves)


def test_every_curve_has_words_and_a_table_for_those_who_do_not_see_it() -> None:
    text = html.render(page(sample_run(workloads=MIXED)))
    assert 'aria-labelledby="curve0-title curve0-desc"' in text
    assert "Random read by depth, as a table" in text
    assert "ide: 1: " in text


def test_a_curve_lacks_the_points_that_were_not_measured(run: Any) -> None:
    def lose(trial: Trial) -> Trial | None:
        return None if trial.spec.cell.workload == fio(4) and trial.spec.cell.device == "ide" else trial

    (curve,) = page(sample_run(workloads=DEPTHS).changed(lose)).curves
    assert [5, 6] == [len(line.points) for line in curve.lines]


def tuned(run: Any, *granted: Granted) -> Any:
    def change(trial: Trial) -> Trial:
        cell = _tuned(trial.spec.cell)
        own = granted if cell.device == "blkfront" else ()
        return replace(trial, spec=replace(trial.spec, cell=cell), granted=own)

    plan = tuple(replace(spec, cell=_tuned(spec.cell)) for spec in run.manifest.plan)
    return replace(run.changed(change), manifest=replace(run.manifest, plan=plan))


def test_what_was_not_granted_stands_beside_the_ratio() -> None:
    row = only(page(tuned(sample_run(workloads=DEPTHS[:1]), Granted("queues", "4", "1"))))
    assert "Random read, 4 KiB, depth 1, queues 4" == row.workload
    assert "blkfront: queues: 4 asked, not granted: 1 in force" in row.notes


def test_what_was_not_granted_is_told_at_the_terminal_too() -> None:
    found = page(tuned(sample_run(workloads=DEPTHS[:1]), Granted("queues", "4", "1")))
    assert "blkfront: queues: 4 asked, not granted: 1 in force" in table.render(found, 100)


def test_a_lone_device_stands_in_the_report_with_what_it_was_not_granted() -> None:
    run = tuned(sample_run(workloads=DEPTHS[:1]), Granted("queues", "4", "1"))
    lone = [trial for trial in run.trials if trial.spec.cell.device == "blkfront"]
    found = comparison.build(replace(run.manifest, plan=tuple(trial.spec for trial in lone)), lone)

    assert [single.arm.device for single in found.singles] == ["blkfront"]
    for text in (table.render(found, 100), html.render(found)):
        assert "Measured, and compared with nothing" in text
        assert found.singles[0].arm.median in text
        assert "queues: 4 asked, not granted: 1 in force" in text


def test_what_was_granted_needs_no_note() -> None:
    row = only(page(tuned(sample_run(workloads=DEPTHS[:1]), Granted("queues", "4", "4"))))
    assert not [note for note in row.notes if "granted" in note]


def test_a_value_that_nothing_tells_is_not_said_to_be_granted() -> None:
    assert "mtu: 9000 asked, not known what was granted" == shortfalls.granted(Granted("mtu", "9000", None))


def test_a_device_that_does_not_keep_up_with_the_offered_load_is_named() -> None:
    made = sample_run(workloads=[Load(BLOCK, fio(64, rate_iops=300), "iops", 210, 1.4)])

    def timed(trial: Trial) -> Trial:
        kept = tuple(r for r in trial.readings if r.metric != "latency_mean")
        return replace(
            trial, readings=(*kept, Reading("latency_mean", 0.3 if trial.spec.cell.device == "ide" else 0.01))
        )

    found = page(made.changed(timed))
    (note,) = [note for note in only(found).notes if "kept up" in note]
    assert note.startswith("ide kept up with 2")
    assert "of the 300 IOPS offered" in note
    assert "" == found.loop_note


@pytest.mark.parametrize("words", ["coordinated omission", "at … IOPS offered"])
def test_closed_loops_are_told_for_what_they_are(words: str) -> None:
    assert words in page(sample_run(workloads=DEPTHS)).loop_note
