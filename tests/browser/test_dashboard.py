"""The dashboard under hand: its filters, keys and charts, with JavaScript and without."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench.dashboard import zoom

pytestmark = pytest.mark.browser

SHOWN = "#all tbody tr:not([hidden])"


def test_a_filter_stands_in_the_address_and_is_read_from_it(
    written: dict[str, Path], opened: Callable[..., Any]
) -> None:
    page = opened(written["dashboard overview"]).page
    every = page.locator(SHOWN).count()
    page.select_option("select[name=metric]", "goodput")
    page.fill("input[name=words]", "guest sends")
    few = page.locator(SHOWN).count()
    assert 0 < few < every
    assert page.url.endswith("#metric=goodput&words=guest+sends")

    again = opened(written["dashboard overview"]).page
    again.goto(page.url)
    again.reload()
    assert again.locator(SHOWN).count() == few
    again.keyboard.press("Escape")
    assert again.locator(SHOWN).count() == every


def test_keys_go_from_series_to_series(written: dict[str, Path], opened: Callable[..., Any]) -> None:
    page = opened(written["dashboard overview"]).page
    for key in "jjk":
        page.keyboard.press(key)
    first = page.locator(SHOWN).first.locator("a").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{first}")
    page.keyboard.press("n")
    page.wait_for_url(lambda url: not url.endswith(str(first)))


def test_a_table_is_sorted_by_a_column(written: dict[str, Path], opened: Callable[..., Any]) -> None:
    page = opened(written["dashboard overview"]).page
    page.click("#all thead button:has-text('Series')")
    names = page.locator("#all tbody th").all_inner_texts()
    assert names == sorted(names)
    page.click("#all thead button:has-text('Series')")
    assert page.locator("#all tbody th").all_inner_texts() == sorted(names, reverse=True)


@pytest.mark.skipif(not zoom.files(), reason="uPlot was not fetched: npm is not installed")
def test_a_chart_says_its_nights_by_keys_and_zooms(written: dict[str, Path], opened: Callable[..., Any]) -> None:
    page = opened(written["dashboard series"]).page
    assert page.locator("figure canvas").count() == 1
    assert not page.locator("figure > svg").is_visible()
    page.focus(".plot")
    # The chart says a night in the frame after the key, whenever this machine comes to that.
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.said').innerText.startsWith('2026')")
    last = page.inner_text(".said")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("last => document.querySelector('.said').innerText !== last", arg=last)
    assert page.inner_text(".said")[:4] == "2026"
    page.keyboard.press("+")
    assert page.evaluate("chart.scales.x.max - chart.scales.x.min < every.at(-1).x - every[0].x")
    page.wait_for_url("**#from=2026*")
    again = opened(written["dashboard series"]).page
    again.goto(page.url)
    again.reload()
    assert abs(again.evaluate("chart.scales.x.min") - page.evaluate("chart.scales.x.min")) <= 86400
    page.keyboard.press("0")
    assert page.evaluate("chart.scales.x.max - chart.scales.x.min === every.at(-1).x - every[0].x")


def test_without_javascript_the_picture_and_the_tables_are_there(
    written: dict[str, Path], opened: Callable[..., Any]
) -> None:
    page = opened(written["dashboard series"], java_script_enabled=False).page
    assert page.locator("figure > svg polyline").first.is_visible()
    page.locator("details summary").first.click()
    assert page.locator("#values tbody tr").count() == 40
    overview = opened(written["dashboard overview"], java_script_enabled=False).page
    assert overview.locator("#all tbody tr").count() == 24
    assert not overview.locator("#filter").is_visible()


@pytest.mark.skipif(not zoom.files(), reason="uPlot was not fetched: npm is not installed")
def test_a_ratio_stands_above_its_two_sides_and_is_zoomed_with_them(
    written: dict[str, Path], opened: Callable[..., Any]
) -> None:
    pages = sorted(written["dashboard series"].parent.glob("*.html"))
    there = opened(next(path for path in pages if 'id="sides"' in path.read_text()))
    page = there.page
    assert page.locator("figure canvas").count() == 2
    page.focus(".plot")
    page.keyboard.press("+")
    page.wait_for_url("**#from=2026*")
    assert page.evaluate("chart.scales.x.min > every[0].x && second.scales.x.min === chart.scales.x.min")
    assert there.console == []
