from dataclasses import replace
from typing import Any

from pvbench.model import Trial
from pvbench.reports import comparison, html
from pvbench.testing.runs import LOADS, fio, sample_run


def with_samples(number: int) -> Any:
    def changed(trial: Trial) -> Trial:
        return replace(trial, latency_bins=((100_000, number - number // 50), (900_000, number // 50)))

    return changed


def test_a_curve_goes_as_far_as_samples_lie_beyond_it() -> None:
    run = sample_run(blocks=1).changed(with_samples(1000))
    for curve in comparison.build(run.manifest, run.trials).latency_curves:
        for line in curve.lines:
            assert ["50 %", "75 %", "90 %", "95 %", "99 %"] == [point.name for point in line.points]
            assert [1e-4] * 4 + [9e-4] == [point.y for point in line.points]


def test_too_few_samples_draw_no_curve() -> None:
    run = sample_run(blocks=1).changed(with_samples(19))
    assert () == comparison.build(run.manifest, run.trials).latency_curves


def test_a_figure_has_a_table_behind_it_and_stays_text() -> None:
    run = sample_run(blocks=2).changed(with_samples(100_000))
    page = comparison.build(run.manifest, run.trials)
    text = html.render(page)
    assert page.latency_curves
    for curve in page.latency_curves:
        assert f"<summary>{curve.title}, as a table</summary>" in text
        assert {"99.99 %"} <= {point.name for line in curve.lines for point in line.points}
    assert ">99.9 %</text>" in text


def test_a_direction_more_than_twice_as_fast_is_told_with_who_pays() -> None:
    read = replace(LOADS[0], workload=fio("randread", 4096), emulated=100.0, ratio=1.5)
    write = replace(LOADS[0], workload=fio("randwrite", 4096), emulated=30.0, ratio=3.5)
    run = sample_run(blocks=3, workloads=[read, write])
    (line,) = comparison.build(run.manifest, run.trials).asymmetry
    assert line.startswith("ide: ")
    assert "(Random read, 4 KiB, depth 1) against" in line
    assert "of the host’s CPUs: Random read, 4 KiB, depth 1: not measured; Random write" in line
