from dataclasses import replace
from typing import Any

import pytest

from pvbench.reports import comparison, html
from pvbench.reports.one_look import is_one_look, one_look
from pvbench.reports.page import Row
from pvbench.testing.runs import sample_run


@pytest.fixture
def row() -> Row:
    run = sample_run(blocks=1)
    return comparison.build(run.manifest, run.trials).groups[0].rows[0]


def seen(row: Row, *points: float, **changes: Any) -> list[Row]:
    return [replace(row, point=point, bound="", **changes) for point in points]


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ((16, 22), "16 to 22× on disks"),
        ((16,), "16× on disks"),
        ((0.5, 0.25), "2.0 to 4.0× slower on disks"),
        ((0.5, 4), "from 2.0× slower to 4.0× faster on disks"),
        ((1, 1), "1.00× on disks"),
    ],
)
def test_a_look_says_in_which_direction_it_saw_what(row: Row, points: tuple[float, ...], says: str) -> None:
    assert one_look(seen(row, *points), "") == f"In one look, without an interval: {says}"


def test_disks_and_networks_are_told_apart(row: Row) -> None:
    rows = [*seen(row, 16, 22), *seen(row, 40, 150, kind="net")]
    assert one_look(rows, "").endswith(": 16 to 22× on disks, 40 to 150× on networks")


def test_a_bound_is_said_to_be_one(row: Row) -> None:
    least, most = replace(row, point=3.0, bound="≥"), replace(row, point=0.5, bound="≤")
    assert one_look([least], "").endswith(": at least 3.0× on disks")
    assert one_look([most], "").endswith(": at least 2.0× slower on disks")


def test_along_another_factor_it_says_what_is_compared(row: Row) -> None:
    said = one_look(seen(row, 1.5, factor="queues"), "arms with queues 4 against those with queues 1")
    assert said == "In one look, without an interval, arms with queues 4 against those with queues 1: 1.50× on disks"


def test_of_two_emulated_devices_nothing_goes_into_the_range_of_paravirtualised_ones(row: Row) -> None:
    same = replace(row, point=1.5, candidate=replace(row.candidate, io_path="emulated"))
    assert one_look([*seen(row, 16), same], "").endswith(": 16× on disks")


def test_an_interval_anywhere_is_more_than_a_look(row: Row) -> None:
    assert is_one_look([row])
    assert not is_one_look([row, replace(row, low=2.0, high=3.0)])
    assert not is_one_look([replace(row, point=None)])


def test_beside_a_verdict_stand_two_short_lines_and_the_rest_is_folded_behind() -> None:
    run = sample_run(blocks=3)
    page = comparison.build(run.manifest, run.trials)
    rows = [row for group in page.groups for row in group.rows]
    assert all(len(row.brief) <= 2 and all(len(line) <= 44 for line in row.brief) for row in rows)
    assert any(set(row.notes) - set(row.brief) for row in rows)
    text = html.render(page)
    for row in rows:
        for note in set(row.notes) - set(row.brief):
            assert f"<li>{note}</li>" in text
