"""CONTRIBUTING's lists of what is added in one place are exact: their files are there, and every row kept to them."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from pvbench.cli.hypervisors import HYPERVISORS
from pvbench.cli.main import VERBS
from pvbench.drivers import DRIVERS
from pvbench.factors import FACTORS
from pvbench.reports.host_words import HOST_WORDS
from pvbench.tunables import TUNABLES, Applied
from pvbench.workloads import WORKLOADS
from pvbench.xen.tunables import granted, words
from tests.unit.cli.test_no_traceback import VALID
from tests.unit.xen.test_domain_config import CASES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
LISTS = dict(re.findall(r"^\*\*A (\w+)\*\*[^\n]*\n\n((?:[1-9]\. .*\n|   .*\n)+)", TEXT, re.MULTILINE))
TABLES = re.findall(r"`([A-Z]+)` \(`([a-z_/]+\.py)`\)", TEXT)
NAMED = re.findall(r"[`(]((?:pvbench|tests|docs|results|hostside|guestside)/[^`\s)]*|[\w.]+\.(?:md|toml))[`)]", TEXT)
RECIPE = (ROOT / "pvbench/guest/recipe/guest.sh").read_text()


def test_the_data_s_way_is_told_in_ten_lines_from_the_matrix_to_the_page() -> None:
    way = TEXT.partition("## The data's way")[2].partition("\n## ")[0]

    assert re.findall(r"^(\d+)\. ", way, re.MULTILINE) == [str(number) for number in range(1, 11)]
    stations = ["matrix", "arms", "cells", "plan", "trials", "evidence", "results", "comparisons", "page"]
    assert re.findall(r"\*\*(\w+)\*\*", way) == stations


def test_there_is_a_list_for_whatever_is_added_in_one_place() -> None:
    assert list(LISTS) == ["device", "workload", "tunable", "part", "factor", "hypervisor", "verb"]


@pytest.mark.parametrize("path", sorted(set(NAMED)))
def test_a_file_that_is_named_is_there(path: str) -> None:
    assert list(ROOT.glob(path.replace("NAME", "*"))), path


@pytest.mark.parametrize(("table", "path"), TABLES)
def test_a_table_is_where_it_is_said_to_be(table: str, path: str) -> None:
    assert re.search(rf"^{table}\b.* = ", (ROOT / path).read_text(), re.MULTILINE)


def test_every_step_names_a_file_or_a_folder() -> None:
    steps = [step for text in LISTS.values() for step in re.split(r"^\d\. ", text, flags=re.MULTILINE)[1:]]

    assert [step for step in steps if not re.search(r"`?[\w.]+/|\.md", step)] == []


def test_every_device_is_in_a_golden_configuration() -> None:
    assert {device for _, devices in CASES.values() for device in devices} == set(DRIVERS)
    assert {path.stem for path in (ROOT / "tests/golden/xen").glob("*.cfg")} == set(CASES)


def test_every_device_has_modules_that_the_guest_carries() -> None:
    assert [module for row in DRIVERS.values() for module in row.modules if f"/{module}" not in RECIPE] == []


def test_every_workload_is_a_file_with_goldens_and_a_program_in_the_guest() -> None:
    assert {path.name for path in (ROOT / "tests/golden/workloads").iterdir() if path.is_dir()} == set(WORKLOADS)
    for name, tool in WORKLOADS.items():
        assert tool.name == name
        assert import_module(f"pvbench.workloads.{name}").TOOL is tool
        assert f"bin/{name}" in RECIPE


@pytest.mark.parametrize("name", TUNABLES)
def test_every_tunable_is_asked_for_and_read_back(name: str) -> None:
    row = TUNABLES[name]
    source = Path(str(words.__code__.co_filename)).read_text()

    assert row.applied in {Applied.MODULE, Applied.GUEST, Applied.HOST} or row.word or f'("{name}", ' in source
    assert row.parameter or f'"{name}": ' in Path(str(granted.__code__.co_filename)).read_text()


@pytest.mark.parametrize("name", FACTORS)
def test_every_factor_says_what_proves_it(name: str) -> None:
    assert re.fullmatch(r"\S+( \S+){2,}[^.]", FACTORS[name].proved_by)


def test_every_verb_is_shown_to_readers_and_called_by_the_tests() -> None:
    shown = "\n".join(path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))

    assert [verb.name for verb in VERBS if f"pvbench {verb.name}" not in shown] == []
    assert {words.split()[0] for words in VALID} == {verb.name for verb in VERBS}


def test_every_hypervisor_has_devices_and_words() -> None:
    assert {platform for row in DRIVERS.values() for platform in row.platforms} == set(HYPERVISORS) == set(HOST_WORDS)
