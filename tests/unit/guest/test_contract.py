"""The contract of a guest is what is written in docs, what the init obeys, and what the builtin guest has."""

import re
from pathlib import Path

import pytest

from pvbench.guest.contract import COMMAND_LINE, PROGRAMS
from pvbench.workloads import WORKLOADS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/guest.md").read_text()
RECIPE = (ROOT / "pvbench/guest/recipe/guest.sh").read_text()


def test_the_init_obeys_the_words_of_the_contract_and_no_others() -> None:
    obeyed = set(re.findall(r"(pvb\.[a-z]+)=\*\)", (ROOT / "guestside/init").read_text()))

    assert set(COMMAND_LINE) == obeyed


@pytest.mark.parametrize("name", [*COMMAND_LINE, *PROGRAMS])
def test_everything_in_the_contract_is_in_docs(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}[=` ]", PAGE)


def test_the_builtin_guest_has_every_program_of_the_contract() -> None:
    own = [
        name for name in PROGRAMS if name not in {"sh", "grep", "dmesg", "od", "uname", "head"}
    ]  # those are busybox's

    assert [name for name in own if not re.search(rf"[ /]{name}\b", RECIPE)] == []
    assert "/bin/busybox" in RECIPE


@pytest.mark.parametrize("tool", WORKLOADS.values(), ids=WORKLOADS)
def test_the_builtin_guest_has_every_tool_and_its_server(tool) -> None:
    needed = {tool.name} | ({tool.server.program} if tool.server else set())

    assert {name for name in needed if not re.search(rf"(/usr/bin|root/bin)/{name}\b", RECIPE)} == set()
