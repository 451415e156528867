"""Markup in any text of a run is text in every format, of one run and of several."""

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pvbench.reports.made import FORMATS, make
from pvbench.store.record import Record
from pvbench.testing.planted import planted
from pvbench.testing.runs import flawed_run, sample_run

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)><!--",
    "]]></style><iframe srcdoc=x>",
    "`|</details>\n\n<b>x</b> [a](javascript:alert(1)) {{ 7*7 }}",
    "=cmd|' /C calc'!A0",
    "\u202egnp.exe\x1b[31m\x00",
)
_OURS = """html head meta title style body header p span h1 h2 h3 h4 strong dl div dt dd main section table caption
colgroup col thead tr th tbody td details summary ul li figure svg path use rect circle text desc defs
figcaption a code pre ol footer script br"""
OURS = frozenset(_OURS.split())


class Reader(HTMLParser):
    """Reads a page as a browser would: its elements, and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def hostile(run_id: str) -> Record:
    """A run with something hostile behind each text it keeps, free reasons and flags among them."""
    run = flawed_run()
    manifest = replace(planted(run.manifest, HOSTILE), run_id=f"{run_id} {HOSTILE[0]}")
    trials = tuple(
        replace(planted(trial, HOSTILE), reason=trial.reason and f"{trial.reason} {HOSTILE[0]}") for trial in run.trials
    )
    return Record(manifest, trials, altered=(HOSTILE[0],))


@pytest.fixture(scope="module", params=[1, 2], ids=["one run", "two runs"])
def records(request: pytest.FixtureRequest) -> list[Record]:
    first = sample_run()
    return [hostile("a"), Record(first.manifest, first.trials)][: request.param]


@pytest.mark.parametrize("redacted", [False, True], ids=["as it is", "redacted"])
def test_a_page_has_elements_and_attributes_of_ours_alone(records: list[Record], redacted: bool) -> None:
    text = make(records, "html", redacted=redacted).text

    reader = Reader()
    reader.feed(text)
    assert set(reader.tags) <= OURS
    assert reader.tags.count("script") == 2
    assert not {name for name in reader.attributes if name.startswith("on")} | (reader.attributes & {"src", "srcdoc"})
    assert "\x1b" not in text
    assert "\u202e" not in text
    json.loads(text.partition('id="pvbench-report">')[2].partition("</script>")[0])


def test_markdown_has_no_markup_of_a_run(records: list[Record]) -> None:
    text = make(records, "md", redacted=False).text

    reader = Reader()
    reader.feed(text)
    assert set(reader.tags) <= {"details", "summary"}
    assert not re.search(r"(?<!\\)\]\(", text)
    assert re.search(r"&lt;img src=x", text)


def test_a_spreadsheet_computes_nothing(records: list[Record]) -> None:
    text = make(records, "csv", redacted=False).text

    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "@", "\t"))] == []


def test_json_keeps_hostile_text_as_a_text(records: list[Record]) -> None:
    text = make(records, "json", redacted=False).text

    assert HOSTILE[0] in json.dumps(json.loads(text), ensure_ascii=False)
    assert "\x1b" not in text


def test_every_format_was_looked_at() -> None:
    assert set(FORMATS) == {"html", "md", "csv", "json"}
