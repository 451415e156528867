"""The example that is shipped can be made again, and says on every page what it is."""

from pathlib import Path

import pytest

from pvbench.dashboard import zoom
from pvbench.testing import example

pytestmark = pytest.mark.thorough


def test_every_page_of_the_example_says_what_was_not_measured(tmp_path: Path) -> None:
    example.build(tmp_path)

    shipped = example.ROOT / "docs/example"
    assert (tmp_path / "report.html").read_text() == (shipped / "report.html").read_text(), "make example"
    if zoom.files():  # the shipped pages have uPlot beside them
        made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert made == {path: (shipped / path).read_bytes() for path in made}, "make example"
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
