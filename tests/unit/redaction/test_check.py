"""What is made of redacted runs is searched before it is written, plainly and through every encoding."""

import base64
import html
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from pvbench.errors import NotRedacted
from pvbench.model import Trial
from pvbench.redaction import Redaction, redact
from pvbench.reports.made import make
from pvbench.store.record import Record
from pvbench.testing.runs import LAB, LOADS, sample_run

NAME = "zeus-prod7"


@pytest.fixture(scope="module")
def redaction() -> Redaction:
    run = sample_run(blocks=1).changed(lambda trial: None)
    return redact([Record(run.on(replace(LAB, name=NAME)).manifest, run.trials)])[1]


@pytest.mark.parametrize(
    "written",
    [
        f"<p>{NAME}</p>",
        f"<text id='x-{NAME.upper()}-1'>",
        "".join(f"&#{ord(char)};" for char in NAME),
        "".join(f"\\u{ord(char):04x}" for char in NAME),
        "".join(f"%{ord(char):02x}" for char in NAME),
        quote(f"é{NAME}"),
        html.escape(f"'{NAME}'"),
        f"data:image/svg+xml;base64,{base64.b64encode(f'<svg><text>{NAME}</text></svg>'.encode()).decode()}",
        base64.urlsafe_b64encode(f"??>{NAME}".encode()).decode(),
        NAME.encode().hex(),
        NAME.replace("-", r"\-"),
    ],
)
def test_an_identifier_that_is_still_there_is_an_error(redaction: Redaction, written: str) -> None:
    with pytest.raises(NotRedacted, match="a host name"):
        redaction.check(f"before {written} after")


def test_a_stand_in_and_what_only_looks_alike_are_none(redaction: Redaction) -> None:
    redaction.check("host-1, zeus, prod7, 1167dd8e9a7597309e339bbcb95bc00a15737e5feeb6551a13ee9c17b5b82201")


@pytest.mark.parametrize(
    "name", ["a", "ide", "block", "trial", "boot", "randread", "fio", "css", "e", "x1", "iops", "lab"]
)
def test_a_host_that_is_called_like_a_word_of_ours_takes_no_figure_with_it(name: str) -> None:
    run = sample_run(blocks=2, workloads=(LOADS[0], LOADS[4]))

    def moved(trial: Trial) -> Trial:
        cell = replace(trial.spec.cell, arm=replace(trial.spec.cell.arm, host=name))
        return replace(trial, spec=replace(trial.spec, cell=cell, boot=f"b0-{name}"))

    run = run.changed(moved)
    plan = tuple(trial.spec for trial in run.trials)
    record = Record(replace(run.manifest, hosts=(replace(LAB, name=name),), plan=plan), run.trials)

    shown, plain = (json.loads(make([record], "json", redacted=redacted).text)["page"] for redacted in (True, False))

    assert [(row["workload"], row["ratio"], row["interval"]) for row in rows(shown)] == [
        (row["workload"], row["ratio"], row["interval"]) for row in rows(plain)
    ]
    assert {row["baseline"]["device"] for row in rows(shown)} == {"ide", "e1000"}
    assert [host["name"] for host in shown["hosts"]] == ["host-1"]
    assert {cell["host"] for cell in shown["cells"]} == {"host-1"}


def rows(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for group in page["groups"] for row in group["rows"]]


def test_what_a_boot_is_called_by_its_host_is_no_further_machine() -> None:
    run = sample_run(blocks=1)
    name = "db7.fra.example.org"

    def booted(trial: Trial) -> Trial:
        return replace(trial, spec=replace(trial.spec, boot=f"b00-{name}"))

    run = run.on(replace(LAB, name=name)).changed(booted)
    (safe,), redaction = redact([Record(run.manifest, run.trials)])

    assert {trial.spec.boot for trial in safe.trials} == {"b00-host-1"}
    # The host, its name without the domains, and `lab`, of which the cells are; the two domains that it is in.
    assert redaction.sentence().startswith("removed 3 host names, 2 domain names, ")
