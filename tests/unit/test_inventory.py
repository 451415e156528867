"""hosts.yaml: what it may say, and what is told where it is wrong."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench import inventory
from pvbench.errors import InventoryError
from pvbench.inventory import Host, Inventory
from pvbench.model import Platform
from pvbench.yaml_schema import decode

ROOT = Path(__file__).parents[2]
BROKEN = sorted((ROOT / "tests/golden/broken/hosts").glob("*.yaml"))
EXAMPLE = ROOT / "examples/hosts.yaml"
EXPECT = re.compile(rb"# expect (\d+:\d+) (structural|semantic|syntax|bytes): (.*)\n")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1GQ1lbY3rMmK4vZ8j6l1s6D3Zx4QWUe7nCqXl0bK1t"

FULL = f"""\
schema: 1
hosts:
  xen1:
    address: 2001:db8::1
    port: 2222
    user: root
    key: ~/.ssh/id_ed25519
    host_key: {KEY} root@xen1
    jump: gate.way-1
    scratch: /srv/pvbench
    bridge: xenbr0
    volume_group: vg-0
  gate.way-1: {{address: gw}}
"""


def load(text: str) -> Inventory:
    return inventory.load(text, name="h.yaml")


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_hosts_file_gives_one_located_line(path: Path) -> None:
    data = path.read_bytes()
    expected = EXPECT.match(data)
    assert expected is not None, "the first line says what is expected"
    place, kind, words = (group.decode() for group in expected.groups())
    with pytest.raises(InventoryError) as caught:
        inventory.load(decode(data, path.name, InventoryError), name=path.name)
    assert f"{path.name}:{place}: {words}" == str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    if kind in ("structural", "semantic"):
        valid = jsonschema.Draft202012Validator(inventory.schema()).is_valid(yaml.safe_load(data))
        assert valid == (kind == "semantic"), "the loader and the JSON Schema disagree"


def test_there_are_enough_broken_hosts_files() -> None:
    assert len(BROKEN) >= 15


def test_every_setting_of_a_host_is_read() -> None:
    found = load(FULL)
    assert Host(
        name="xen1",
        address="2001:db8::1",
        port=2222,
        user="root",
        key="~/.ssh/id_ed25519",
        host_key=KEY,
        jump="gate.way-1",
        scratch="/srv/pvbench",
        bridge="xenbr0",
        volume_group="vg-0",
    ) == found.host("xen1")
    assert Host(name="gate.way-1", address="gw") == found.host("gate.way-1")


@pytest.mark.parametrize("text", [FULL, EXAMPLE.read_text(encoding="utf-8")])
def test_what_is_read_is_valid_under_the_schema(text: str) -> None:
    load(text)
    jsonschema.Draft202012Validator.check_schema(inventory.schema())
    jsonschema.validate(yaml.safe_load(text), inventory.schema())


def test_the_optional_lines_of_the_example_are_valid_too() -> None:
    text = re.sub(r"^    # (\w+: )", r"    \1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = text.replace("ssh-ed25519 AAAA…", KEY) + "  gateway: {address: gw}\n"
    host = load(text).host("xen1")
    assert None not in (host.port, host.key, host.host_key, host.jump, host.bridge, host.volume_group)


def test_the_schema_in_docs_is_the_one_that_is_printed() -> None:
    assert inventory.schema() == json.loads((ROOT / "docs/hosts.schema.json").read_text(encoding="utf-8"))


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(InventoryError, match=r"h\.yaml: no host 'xen2'; did you mean 'xen1'\?") as caught:
        load(FULL).host("xen2")
    assert caught.value.hint


def test_the_lab_can_be_added_and_takes_the_place_of_its_name() -> None:
    lab = Host(name="lab", address="127.0.0.1", port=4022)
    more = load(FULL).plus(lab, Host(name="xen1", address="elsewhere"))
    assert lab == more.host("lab")
    assert "elsewhere" == more.host("xen1").address
    assert lab == Inventory().plus(lab).host("lab")


@settings(deadline=None)
@given(st.text(max_size=100))
def test_arbitrary_text_raises_nothing_but_inventory_errors(text: str) -> None:
    with pytest.raises(InventoryError, match=r"^h\.yaml:\d+:\d+: "):
        load(text)


PIECES = [
    "",
    " ",
    "\n",
    "\t",
    "-",
    ": ",
    "[",
    "{",
    "'",
    '"',
    "&a ",
    "*a",
    "!",
    "0",
    "~",
    "é",
    "\x00",
    "../",
    "=",
    "\ud800",
]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), st.sampled_from(PIECES)), max_size=4))
def test_a_damaged_hosts_file_is_read_or_refused_in_one_line(damage: list[tuple[int, int, str]]) -> None:
    text = FULL
    for start, length, piece in damage:
        text = text[:start] + piece + text[start + length :]
    told = "h.yaml:1:1: nothing"
    try:
        load(text)
    except InventoryError as err:
        told = str(err)
    assert re.match(r"h\.yaml:\d+:\d+: .", told)
    assert len(told.splitlines()) == 1


def test_a_host_runs_xen_unless_it_says_otherwise_and_nothing_else_is_driven() -> None:
    text = "schema: 1\nhosts:\n  a: {address: 10.0.0.1}\n  b: {address: 10.0.0.2, hypervisor: xen}\n"
    assert {Platform.XEN} == {host.hypervisor for host in inventory.load(text, name="h").hosts.values()}
    with pytest.raises(InventoryError, match=r"h:3:\d+: no hypervisor 'kvm'"):
        inventory.load("schema: 1\nhosts:\n  a: {address: 10.0.0.1, hypervisor: kvm}\n", name="h")
