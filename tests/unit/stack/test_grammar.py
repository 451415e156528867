"""stacks.yaml: what is read, and what is refused with its place."""

import contextlib
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pvbench.errors import StackFileError
from pvbench.stack import grammar
from pvbench.stack.nouns import Dom0, HypervisorChoice, Stack, Uplink

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "examples/stacks.yaml").read_text()
WHOLE = """\
schema: 1
stacks:
  mine:
    hypervisor: {version: "4.17", command_line: "sched=credit  loglvl=all", beside: true}
    dom0: {kernel: distro, memory: 2GiB, vcpus: 2, command_line: quiet}
    toolstack: {claim_mode: on, autoballoon: off}
    bridge: {uplink: eth0}
    tools: [fio]
    packages: host
"""


def load(below: str) -> grammar.Stacks:
    return grammar.load(f"schema: 1\nstacks:\n  xen: {below}\n", name="stacks.yaml")


def test_a_stack_of_nothing_is_debians_own_xen_with_all_else_as_found() -> None:
    assert load("{}").stack("xen") == Stack("xen")


def test_every_key_is_read() -> None:
    assert grammar.load(WHOLE, name="folder/stacks.yaml").stack("mine") == Stack(
        "mine",
        HypervisorChoice("4.17", None, "sched=credit loglvl=all", beside=True),
        Dom0("distro", 2048, 2, "quiet"),
        toolstack=(("autoballoon", "off"), ("claim_mode", "on")),
        bridge=Uplink("xenbr0", "eth0"),
        tools=("fio",),
        packages="host",
    )


@pytest.mark.parametrize(
    ("below", "place", "words"),
    [
        ("{hypervisr: {}}", "3:9", "unknown key 'hypervisr' in a stack; did you mean 'hypervisor'?"),
        ("{hypervisor: {version: 4.20}}", "3:31", "YAML reads '4.20' as a number; put it in quotes"),
        ('{hypervisor: {version: "four"}}', "3:31", "'four' is no version"),
        ("{hypervisor: {beside: true}}", "3:22", "`beside` needs the `version`"),
        ("{hypervisor: {command_line: dom0_mem=1G}}", "3:36", "'dom0_mem' is `memory` of `dom0`; say it there"),
        ('{hypervisor: {command_line: "a\'; rm -rf /"}}', "3:36", "is no command line"),
        ("{dom0: {memory: 2048}}", "3:24", "'2048' has no unit; did you mean"),
        ("{dom0: {memory: 64MiB}}", "3:24", "'64MiB' is out of range; 512MiB to 1TiB"),
        ("{dom0: {kernel: newest}}", "3:24", "no kernel 'newest'"),
        ("{dom0: {command_line: root=/dev/sdb}}", "3:30", "'root' is what the host boots from already"),
        ("{backends: {source: distro}}", "3:9", "unknown key 'backends' in a stack"),
        ("{bridge: {name: xenbr0}}", "3:17", "'uplink' is missing in bridge"),
        ("{bridge: {uplink: a-name-that-is-too-long}}", "3:26", "at most 15 characters"),
        ("{tools: [fio, fi]}", "3:22", "no tool 'fi'; did you mean 'fio'?"),
        ("{packages: mirror}", "3:19", "no way of packages 'mirror'"),
        ("{toolstack: {}}", "3:20", "toolstack is empty"),
        ("7", "3:8", "expected a stack with hypervisor"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(below: str, place: str, words: str) -> None:
    with pytest.raises(StackFileError) as caught:
        load(below)

    assert caught.value.message.startswith(f"stacks.yaml:{place}: ")
    assert words in caught.value.message


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(StackFileError, match="no stack 'xan'; did you mean 'xen'"):
        load("{}").stack("xan")


def test_the_digest_of_what_is_asked_is_not_of_the_name_nor_of_the_way_of_packages() -> None:
    plain = Stack("a").asked_digest

    assert plain == Stack("b", packages="host").asked_digest
    assert plain != Stack("a", dom0=Dom0(vcpus=2)).asked_digest


@pytest.mark.parametrize("text", [EXAMPLE, WHOLE.replace("on, ", '"on", ').replace("off}", '"off"}')])
def test_what_is_read_is_valid_under_the_schema(text: str) -> None:
    grammar.load(text, name="stacks.yaml")

    jsonschema.validate(yaml.safe_load(text), grammar.schema())


def test_the_schema_in_docs_is_the_one_that_is_printed() -> None:
    assert grammar.schema() == json.loads((ROOT / "docs/stacks.schema.json").read_text(encoding="utf-8"))


@given(text=st.text(max_size=60))
def test_arbitrary_text_raises_nothing_but_errors_of_the_file(text: str) -> None:
    for each in (text, f"schema: 1\nstacks: {{xen: {text}}}"):
        with contextlib.suppress(StackFileError):
            grammar.load(each, name="stacks.yaml")
