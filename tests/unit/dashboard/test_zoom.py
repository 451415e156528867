import json
from pathlib import Path

from pvbench.dashboard import site, zoom
from pvbench.history.analysis import Analysis
from tests.unit.dashboard.test_site import night, series

ROOT = Path(__file__).parents[3]


def test_the_library_is_one_version_pinned_by_its_digest():
    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    pinned = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {name: pinned[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert pinned["node_modules/uplot"]["integrity"].startswith("sha512-")


def test_a_library_that_lacks_a_file_is_not_there(tmp_path):
    for number, name in enumerate(zoom.NAMES):
        assert zoom.files(tmp_path) == {}, number
        path = tmp_path / "uplot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert set(zoom.files(tmp_path)) == {"uPlot.iife.min.js", "uPlot.min.css", "uPlot.LICENSE.txt"}


def test_a_site_has_every_file_that_its_pages_name():
    made = dict(site.files(Analysis((night(1),), (series("one", 1e9),))))
    for name, data in made.items():
        for line in data.decode().splitlines() if name.endswith(".html") else ():
            for mark in ('<script src="', '<link rel="stylesheet" href="'):
                if mark in line:
                    address = line.partition(mark)[2].partition('"')[0]
                    assert address.removeprefix("../") in made, (name, address)
