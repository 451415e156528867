"""Identifiers of any kind in any text of a run: none is left in what is made of it."""

import html

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pvbench.redaction import redact
from pvbench.reports import comparison, csv_page, json_page, markdown
from pvbench.reports import html as html_page
from pvbench.store.record import Record
from pvbench.testing.planted import planted
from pvbench.testing.runs import LOADS, sample_run

pytestmark = pytest.mark.thorough

RUN = sample_run(blocks=2, workloads=LOADS[:1])
HEX = "0123456789abcdef"


def drawn(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most or least)


def joined(separator: str, part: st.SearchStrategy[str], number: int) -> st.SearchStrategy[str]:
    return st.lists(part, min_size=number, max_size=number).map(separator.join)


NAME = st.from_regex(r"q[bcdfgz]{3,6}[0-9]{1,2}", fullmatch=True)  # like no word of ours
IDENTIFIERS = st.one_of(
    joined(".", st.integers(11, 249).map(str), 4),
    joined(":", drawn("abcdef123", 4), 8),
    st.tuples(drawn("2468ace", 1), joined(":", drawn(HEX, 2), 5)).map(lambda pair: f"5{pair[0]}:{pair[1]}"),
    joined("-", drawn("abcdef123", 4), 3).map(lambda middle: f"0a1b2c3d-{middle}-9f8e7d6c5b4a"),
    NAME.map("{0}@{0}.example.org".format),
    NAME.map("{0}.fra.{0}.net".format),
    drawn("BCDFGHJK", 4).map("S3Z8N{}0123".format),
    drawn("ABCDEFabcdef0123456789", 40).map("SHA256:{}xYz".format),
)
KEYED = st.one_of(
    st.tuples(
        st.sampled_from(("password=", "token: ", "rd.luks.key=", "--password ", "login=", "USER=", "hostname=")), NAME
    ),
    st.tuples(st.sampled_from(("/home/", "ssh root@", "uid=1000(", "https://", "serial: ", "for user ")), NAME),
)
PLACES = st.sampled_from(("{}", "before {}, after", "x={};", "({})", "<b>{}</b>"))


@settings(max_examples=12, deadline=None, phases=(Phase.generate,))
@given(st.lists(st.tuples(PLACES, IDENTIFIERS), min_size=3, max_size=9), st.lists(KEYED, max_size=5), st.integers(0, 2))
def test_no_identifier_is_left_wherever_it_stood(
    found: list[tuple[str, str]], keyed: list[tuple[str, str]], start: int
) -> None:
    texts = [place.format(each) for place, each in found] + [f"{key}{each}" for key, each in keyed]
    texts = texts[start:] + texts[:start]
    record = Record(planted(RUN.manifest, texts, 3), planted(RUN.trials, texts, 3))

    (safe,), redaction = redact([record])

    page = comparison.build(safe.manifest, safe.trials)
    for render in (html_page.render, json_page.render, markdown.render, csv_page.render):
        text = render(page)
        redaction.check(text)
        shown = html.unescape(text).replace("\\", "").casefold()
        assert [each for _, each in (*found, *keyed) if each.casefold() in shown] == []
