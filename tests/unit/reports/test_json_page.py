import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pvbench.model import FlagKind
from pvbench.reports import comparison, json_page


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def test_every_comparison_is_there_with_its_ratio_interval_and_verdict(run: Any) -> None:
    built = comparison.build(run.manifest, run.trials)

    read = json.loads(json_page.render(built))

    ours = [row for group in built.groups for row in group.rows]
    theirs = [row for group in read["page"]["groups"] for row in group["rows"]]
    told = ("workload", "ratio", "interval", "verdict", "point", "low", "high")
    assert [[getattr(row, name) for name in told] for row in ours] == [[row[name] for name in told] for row in theirs]
    assert len(ours) > 3
    assert [row.candidate.device for row in ours] == [row["candidate"]["device"] for row in theirs]
    assert (1, read["page"]["run_id"]) == (read["schema"], run.manifest.run_id)
    assert re.fullmatch(r"pvbench \d+\.\d+\.\d+", read["generated_by"])


def test_nothing_in_it_is_html(run: Any) -> None:
    read = json.loads(json_page.render(comparison.build(run.manifest, run.trials)))

    assert [text for text in texts(read) if re.search(r"</?[a-z]+[ >]|&[a-z]+;|&#", text)] == []


def test_a_text_from_outside_is_what_it_is(run: Any) -> None:
    named = replace(run.manifest, matrix_name='<b>"x" & \u202e</b>')

    read = json.loads(json_page.render(comparison.build(named, run.trials)))

    assert '<b>"x" & \\u202e</b>' == read["page"]["matrix_name"]


def test_a_ratio_that_json_does_not_have_is_null(run: Any) -> None:
    built = comparison.build(run.manifest, run.trials)
    (group, *groups) = built.groups
    (row, *rows) = group.rows
    endless = replace(group, rows=(replace(row, point=float("inf")), *rows))

    read = json.loads(json_page.render(replace(built, groups=(endless, *groups))))

    assert read["page"]["groups"][0]["rows"][0]["point"] is None


def test_it_says_what_flags_mean_and_what_to_do(run: Any) -> None:
    read = json.loads(json_page.render(comparison.build(run.manifest, run.trials)))

    assert set(FlagKind) == set(read["flag_kinds"])
    assert all(each["meaning"] for each in read["flag_kinds"].values())
