"""`pvbench stack` on the command line: what is printed, and every way to call it wrongly."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def stacks(matrix: Path) -> Path:
    path = matrix.parent / "stacks.yaml"
    path.write_text('schema: 1\nstacks:\n  xen: {}\n  two: {dom0: {vcpus: 2}, hypervisor: {version: "4.17"}}\n')
    return path


def test_every_stack_of_the_file_is_shown(call: Call) -> None:
    said = call("stack", "show")

    assert said.code == 0
    assert "xen\n  hypervisor    Xen of the host's release\n" in said.out
    assert "  dom0          the kernel it is found with, 1536 MiB, 2 vCPUs\n" in said.out


def test_one_stack_is_shown_for_programs(call: Call) -> None:
    said = call("stack", "show", "two", "--json")

    assert json.loads(said.out)[0]["dom0"]["vcpus"] == 2


def test_the_schema_is_printed_without_a_file(call: Call, stacks: Path) -> None:
    stacks.unlink()

    assert json.loads(call("stack", "show", "--schema").out)["title"] == "pvbench stacks"


def test_two_stacks_differ_in_what_is_told(call: Call) -> None:
    said = call("stack", "diff", "xen", "two")

    assert [line.split()[0] for line in said.out.splitlines()] == ["xen", "hypervisor", "dom0"]
    assert call("stack", "diff", "xen", "xen").err == "xen and xen are the same\n"


def test_a_host_without_a_stack_is_told_so(call: Call) -> None:
    said = call("stack", "show", "xen1")

    assert (said.code, said.out) == (4, "")
    assert "pvbench: xen1: no stack was deployed there\n" in said.err


def test_a_name_that_is_neither_stack_nor_host_is_answered_with_the_nearest(call: Call) -> None:
    said = call("stack", "diff", "xem", "two")

    assert said.code == 2
    assert "'xem' is no stack; did you mean 'xen'?, nor a host" in said.err


def test_where_there_is_no_stacks_file_a_name_that_is_no_host_is_answered_with_that(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    said = call("stack", "show", "xem")

    assert said.code == 2
    assert "'xem' is no stack (there is no stacks.yaml here), nor a host" in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("deploy xan xen1", "stacks.yaml: no stack 'xan'; did you mean 'xen'?"),
        ("deploy xen xen2", "no host 'xen2'; did you mean 'xen1'?"),
        ("build xen", "missing argument 'HOST'"),
        ("deploy xen xen1 --return-within 5", "'5' has no unit; did you mean"),
        ("deploy xen xen1 --return-within 5s", "'5s' is out of range; 1m to 2h"),
        ("rollback", "missing argument 'HOST'"),
        ("show --stacks no.yaml", "no stacks file no.yaml"),
        ("verfy xen1", "no verb 'verfy'"),
    ],
)
def test_a_wrong_word_is_told_in_one_line(call: Call, words: str, line: str) -> None:
    said = call("stack", *words.split())

    assert (said.code, said.out) == (2, "")
    assert line in said.err


def test_a_wrong_file_is_told_with_its_place(call: Call, stacks: Path) -> None:
    stacks.write_text("schema: 1\nstacks:\n  xen: {hypervisor: {version: 4.17}}\n")

    said = call("stack", "deploy", "xen", "xen1")

    assert said.code == 2
    assert "stacks.yaml:3:31: YAML reads '4.17' as a number; put it in quotes" in said.err


def test_a_host_that_is_no_debian_ends_with_the_code_of_infrastructure(call: Call) -> None:
    said = call("stack", "deploy", "xen", "xen1")

    assert said.code == 4
    assert "a stack is deployed to Debian 12 or 13 on amd64" in said.err


def test_a_host_to_which_nothing_was_deployed_is_not_changed_by_a_rollback(call: Call) -> None:
    said = call("stack", "rollback", "xen1")

    assert (said.code, said.out) == (0, "")
    assert "xen1: no stack was deployed there" in said.err
