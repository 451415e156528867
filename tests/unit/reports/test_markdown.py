import re
from dataclasses import replace
from typing import Any

import pytest

from pvbench.reports import comparison, markdown


def test_every_comparison_is_a_line_of_a_table_with_its_verdict(run: Any) -> None:
    built = comparison.build(run.manifest, run.trials)

    text = markdown.render(built)

    rows = [row for group in built.groups for row in group.rows]
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line and "Verdict" not in line]
    assert len(rows) == len(lines) > 3
    for row, line in zip(rows, lines, strict=True):
        assert row.verdict in line
        assert markdown.escaped(f"{row.bound} {row.ratio}".strip()) in line
    assert text.startswith(f"### {markdown.escaped(built.headline)}")


@pytest.mark.parametrize(
    "hostile",
    [
        "a|b",
        "`rm`",
        "<img src=x>",
        "[x](http://a)",
        "*b*",
        "# no",
        "~~x~~",
        "a\nb",
        "![i](j)",
        "$x$",
        "- one",
        "1. one",
    ],
)
def test_nothing_of_a_text_is_left_for_github_to_read(hostile: str) -> None:
    said = markdown.escaped(hostile)

    assert "\n" not in said
    assert "<" not in said
    assert re.sub(r"\\.", "", said).translate(str.maketrans("", "", "&#;")) == re.sub(r"\\.|[&#;]", "", said)
    assert not re.search(r"(?<!\\)[|`*_\[\]()~$!]", said)
    assert not re.match(r"[-+#]|\d+\.", said)


@pytest.mark.parametrize("found", ["@someone", "#12", "GH-12", "https://evil.example", "www.evil.example", ":tada:"])
def test_what_github_finds_in_finished_text_is_broken(found: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", markdown.escaped(f"see {found} there")).replace("&#8203;", "\N{ZERO WIDTH SPACE}")

    assert found not in shown
    assert f"see {found} there" == shown.replace("\N{ZERO WIDTH SPACE}", "")


def test_a_hostile_matrix_adds_no_line_and_no_column(run: Any) -> None:
    built = comparison.build(run.manifest, run.trials)
    (group, *others) = built.groups
    (row, *rows) = group.rows
    evil = replace(group, rows=(replace(row, workload="a|b\n\n<script>|`"), *rows))

    plain, text = (markdown.render(replace(built, groups=(one, *others))) for one in (group, evil))

    assert len(plain.splitlines()) == len(text.splitlines())
    columns = [re.sub(r"\\.", "", line).count("|") for line in text.splitlines() if line.startswith("|")]
    assert len(set(columns)) == 1


def test_a_figure_is_not_taken_for_the_number_of_a_list() -> None:
    assert markdown.escaped("7.8×") == "7.8×"
    assert markdown.escaped("7. eight") == r"7\. eight"
