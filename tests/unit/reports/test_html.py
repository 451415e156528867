import base64
import hashlib
import json
import os
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pvbench import plain_json
from pvbench.model import CommandRecord, Outcome, RawFile, Trial, Witness
from pvbench.reports import charts, comparison, html, table
from pvbench.reports.behind import strip_table
from pvbench.testing.runs import LOADS, fio, sample_run

GOLDEN = Path(__file__).parents[2] / "golden" / "reports"
NASTY = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> javascript:alert(1) \u202egnp.exe\u2066 \x1b[31m\x00 $x$"
)
VOID = frozenset({"meta", "br", "col", "img", "link", "input", "hr"})


class Reader(HTMLParser):
    """Reads a page as a browser would: elements, ids, attributes, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids[value or ""] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert tag == self.open.pop()


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert [] == reader.open
    return reader


def rendered(run: Any) -> str:
    return html.render(comparison.build(run.manifest, run.trials))


def poisoned(trial: Trial) -> Trial:
    poison = replace(
        trial,
        witnesses=(Witness(NASTY, NASTY, 1, 2, None, ((NASTY, NASTY),)),),
        cache_mode=NASTY,
        commands=(CommandRecord(NASTY, (NASTY, "--x"), None, None),),
        raw=(RawFile(NASTY, NASTY, 1),),
        spec=replace(trial.spec, boot=NASTY),
        started=NASTY,
    )
    if trial.spec.block == 0:
        return replace(poison, outcome=Outcome.INVALID, reason=NASTY, readings=(), latency_bins=())
    return poison


@pytest.fixture
def hostile() -> Any:
    run = sample_run().changed(poisoned)
    host = replace(run.manifest.hosts[0], name=NASTY, machine=NASTY, hypervisor=NASTY, details=((NASTY, NASTY),))
    manifest = replace(
        run.manifest,
        hosts=(host, replace(host, name="other")),
        run_id=NASTY,
        matrix_name=NASTY,
        matrix_text=NASTY,
        tool_version=NASTY,
        command=(NASTY,),
        guest=((NASTY, NASTY),),
        stack=((NASTY, NASTY),),
        started=NASTY,
        plan=(),
    )
    return type(run)(manifest, run.trials)


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PVBENCH_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_the_page_is_as_recorded(run: Any) -> None:
    # Figures have tests of their own and the style is a file of its own: neither is pinned here.
    text = re.sub(r"<svg\b.*?</svg>", "<svg/>", rendered(run), flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b[^>]*>.*?</\1>", r"<\1/>", text, flags=re.DOTALL)
    golden("coexist.html", re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-", text))


def test_every_figure_has_words_and_a_table_behind_it(run: Any) -> None:
    text = rendered(run)

    figures = re.findall(r"<figure[^>]*>.*?</figure>", text, re.DOTALL)
    named = [figure for figure in figures if re.search(r'aria-labelledby="(?:ladder|strip|curve)', figure)]
    assert len(named) == len(re.findall(r'aria-labelledby="(?:ladder|strip|curve)\d*-title', text)) >= 3
    for figure in named:
        assert re.search(r"<title [^>]*>[^<]+</title>\s*<desc [^>]*>[^<]+</desc>", figure)
        assert "<summary>" in figure
        assert "<tbody>" in figure
        assert re.search(r"(?:</figcaption>\s*</figure>)$", figure)


def test_a_strip_of_many_blocks_has_a_table_of_the_first_and_says_so() -> None:
    values = tuple((block, float(block)) for block in range(1, 201))
    drawn = comparison.build(*vars(sample_run(blocks=2, workloads=LOADS[:1])).values()).strips[0]

    behind = strip_table(replace(drawn, arms=tuple(replace(arm, values=values) for arm in drawn.arms)))

    assert [block for block, _ in behind.rows] == [str(block) for block in range(1, 61)]
    assert behind.more == "140 more blocks are in the page’s JSON."


def test_the_page_needs_nothing_from_elsewhere(run: Any) -> None:
    text = rendered(run)
    reader = read(text)
    assert {"link", "img", "iframe", "object", "form", "base"}.isdisjoint(reader.tags)
    links = {value.removeprefix("#") for tag, name, value in reader.attributes if (tag, name) == ("a", "href")}
    assert links <= set(reader.ids)
    names = {name for _, name, _ in reader.attributes}
    assert not {name for name in names if name.startswith("on") or name in {"src", "srcset", "action"}}
    links = [value for _, name, value in reader.attributes if name in {"href", "xlink:href"}]
    assert all(link.startswith("#") for link in links)
    assert "@import" not in text
    assert all("url(#" in found for found in re.findall(r"url\([^)]{1,3}", text))
    policy = next(value for _, name, value in reader.attributes if name == "content" and "default-src" in value)
    script = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in script]
    assert [f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digests[0]}'"] == [
        policy
    ]
    assert 1 == len(script)


def test_the_page_holds_its_figures_for_programs(run: Any, hostile: Any) -> None:
    for each in (run, hostile):
        held = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', rendered(each), flags=re.DOTALL)
        page = plain_json.plain(comparison.build(each.manifest, each.trials))
        assert json.loads(held[0])["page"] == {**page, "cells": [], "matrix_text": ""}


def test_no_two_elements_share_an_id_and_every_reference_is_met(run: Any) -> None:
    reader = read(rendered(run))
    assert {} == {name: number for name, number in reader.ids.items() if number > 1}
    wanted = [link for _, name, value in reader.attributes if name == "aria-labelledby" for link in value.split()]
    wanted += [value[1:] for _, name, value in reader.attributes if name == "xlink:href"]
    assert set(wanted) <= set(reader.ids)


def test_text_from_outside_is_text_and_nothing_else(hostile: Any, run: Any) -> None:
    text = rendered(hostile)
    reader = read(text)
    assert 2 == reader.tags["script"]
    assert "img" not in reader.tags
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]
    assert not [value for _, name, value in reader.attributes if name in {"href", "src"} and "javascript" in value]
    assert set(read(rendered(run)).tags) >= set(reader.tags) - {"image"}
    assert not set("\u202e\u2066\x1b\x00") & set(text)
    assert r"\u202e" in text
    assert "&lt;script&gt;" in text


def test_text_from_outside_does_not_reach_the_terminal_raw(hostile: Any) -> None:
    page = comparison.build(hostile.manifest, hostile.trials)
    assert not set("\u202e\u2066\x1b\x00") & set(table.render(page, 100))


def test_the_words_software_emulation_stand_at_headline_tables_and_figures(run: Any) -> None:
    text = rendered(run)
    for caption in re.findall(r"<(?:caption|figcaption)>(.*?)</(?:caption|figcaption)>", text, flags=re.DOTALL):
        assert "software emulation" in caption
    assert "software emulation" in re.findall(r"<h1>(.*?)</h1>", text)[0]
    assert "software emulation" in re.findall(r"<title>(.*?)</title>", text)[0]


def test_the_page_shows_how_to_do_it_again(run: Any) -> None:
    text = rendered(run)
    assert "pvbench run examples/quickstart.yaml" in text
    assert "placement: coexist\n" in text
    assert all(raw.sha256 in text for trial in run.trials for raw in trial.raw)


def test_figures_are_well_formed_speak_and_do_not_change(run: Any) -> None:
    page = comparison.build(run.manifest, run.trials)
    figures = [charts.ladder(page), *(charts.strip(drawn, n) for n, drawn in enumerate(page.strips))]
    again = [charts.ladder(page), *(charts.strip(drawn, n) for n, drawn in enumerate(page.strips))]
    assert figures == again
    for figure in figures:
        root = ElementTree.fromstring(figure)
        assert [] != root.findall("{*}title")
        assert [] != root.findall("{*}desc")
        assert float(root.attrib["viewBox"].split()[2]) <= 720
        assert "metadata" not in figure


def test_a_label_in_a_figure_is_neither_markup_nor_mathematics(run: Any) -> None:
    page = comparison.build(run.manifest, run.trials)
    row = replace(page.groups[0].rows[0], workload='<b>$x^2$ #0072b2 id="q"')
    group = replace(page.groups[0], rows=(row,))
    root = ElementTree.fromstring(charts.ladder(replace(page, groups=(group,))))
    texts = [node.text for node in root.findall(".//{*}text")]
    assert '<b>$x^2$ #0072b2 id="q"' in texts


def test_an_empty_run_still_makes_a_page() -> None:
    run = sample_run()
    assert "Nothing was compared" in html.render(comparison.build(replace(run.manifest, plan=()), ()))


def test_more_comparisons_than_a_figure_holds_are_counted() -> None:
    run = sample_run(blocks=2, workloads=[replace(LOADS[0], workload=fio("randread", 512 * n)) for n in range(1, 71)])
    text = rendered(run)
    assert "10 more in the table" in text
    assert "46 further comparisons not drawn" in text
    assert len(text) < 1_500_000


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
def test_the_table_is_as_recorded(run: Any, width: int, unicode: bool) -> None:
    text = table.render(comparison.build(run.manifest, run.trials), width, unicode)
    assert max(map(len, text.splitlines())) <= width
    assert unicode or text.isascii()
    golden(f"table-{width}-{'unicode' if unicode else 'ascii'}.txt", text)


@pytest.mark.parametrize("width", [1, 60, 70, 100, 115, 116, 200])
def test_no_line_of_the_table_is_wider_than_the_terminal(run: Any, width: int) -> None:
    page = comparison.build(run.manifest, run.trials)
    assert max(map(len, table.render(page, width).splitlines())) <= max(width, 60)


def test_the_table_of_nothing_says_so() -> None:
    page = comparison.build(replace(sample_run().manifest, plan=()), ())
    assert table.render(page, 80).startswith("Nothing was compared")
