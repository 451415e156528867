"""The example that is shipped can be made again, and says on every page what it is."""

from pathlib import Path

import pytest

from pvbench.testing import example

pytestmark = pytest.mark.thorough


def test_every_page_of_the_example_says_what_was_not_measured(tmp_path: Path) -> None:
    example.build(tmp_path)

    pages = sorted((tmp_path / "dashboard").rglob("*.html"))
    assert len(pages) == 16
    assert all("Simulated history" in page.read_text() for page in pages)
    assert all("Software emulation" in page.read_text() for page in pages)
    assert "oftware emulation" in (tmp_path / "report.html").read_text()


def test_the_year_of_the_example_ends_with_nights_that_were_measured() -> None:
    real = example.History.open(str(example.NIGHTS)).nights()

    assert [night.simulated for night in real] == [False, False]
    assert all(night.label == "software emulation" for night in real)
    assert all(night.measured == night.expected for night in real)
