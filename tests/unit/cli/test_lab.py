"""The lab's verbs over a made-up machine."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_up_prints_how_the_lab_is_reached_and_a_second_one_says_it_is_up(call: Call, world: Any) -> None:
    said = call("lab", "up", "--memory", "3GiB", "--accelerator", "tcg")
    assert (0, ["up 3072 8 tcg"]) == (said.code, world.lab)
    assert "ssh-ed25519 AAAA" in said.out
    assert "resuming" in said.err
    assert "the lab is up since noon" in call("lab", "up").err
    assert 4022 == json.loads(call("lab", "up", "--json").out)["port"]


def test_status_and_down_say_what_is(call: Call, world: Any) -> None:
    assert "lab ab12 is down" in call("lab", "status").out
    assert "the lab was not up" in call("lab", "down").err
    world.labs_up.add("lab")
    assert "memory held  1 GiB" in call("lab", "status").out
    assert json.loads(call("lab", "status", "--json").out)["running"]
    assert "the lab is down" in call("lab", "down").err


def test_each_flavour_is_a_lab_of_its_own(call: Call, world: Any) -> None:
    assert "pvbench lab ssh --flavour plain " in call("lab", "up", "--flavour", "plain", "--fresh").err
    assert "`hosts: [lab-xen13]`" in call("lab", "up", "--flavour", "xen13").err
    assert ["up plain 4096 8 auto fresh", "up xen13 4096 8 auto"] == world.lab
    there = json.loads(call("lab", "status", "--json").out)
    assert ("xen", False) == (there["flavour"], there["running"])
    assert ["lab-xen13", "lab-plain"] == [other["host"] for other in there["others"]]
    assert "lab-xen13" == json.loads(call("lab", "status", "--flavour", "xen13", "--json").out)["host"]
    assert "the lab was not up" in call("lab", "down").err
    assert ["xen13: down", "plain: down"] == call("lab", "down", "--all").err.splitlines()
    assert set() == world.labs_up


def test_rm_frees_the_cache(call: Call, world: Any) -> None:
    assert "freed 1 GiB" in call("lab", "rm").err
    call("lab", "rm", "--keep-images")
    assert ["remove True", "remove False"] == world.lab


def test_ssh_runs_a_command_in_dom0_and_hands_on_its_exit_code(call: Call, world: Any) -> None:
    said = call("lab", "ssh", "--", "uname", "-a")
    assert (4, "pvbench: the lab is not up") == (said.code, said.err.splitlines()[0])
    world.labs_up.add("lab")
    world.answers["uname"] = "Linux lab\n"
    assert (0, "Linux lab\n") == ((said := call("lab", "ssh", "--", "uname", "-a")).code, said.out)
    assert 3 == call("lab", "ssh", "false").code


def test_a_run_that_names_the_lab_brings_it_up(call: Call, matrix: Path, world: Any) -> None:
    matrix.write_text(matrix.read_text().replace("xen1", "lab"))
    world.hypervisor.now = replace(world.hypervisor.now, name="lab")
    assert 0 == call("run", matrix).code
    assert ["up 4096 8 auto"] == world.lab


def test_a_matrix_may_name_any_flavour_by_its_host(call: Call, matrix: Path, world: Any) -> None:
    matrix.write_text(matrix.read_text().replace("xen1", "lab-xen13"))
    world.hypervisor.now = replace(world.hypervisor.now, name="lab-xen13")
    assert 0 == call("run", matrix).code
    assert ["up xen13 4096 8 auto"] == world.lab
    matrix.write_text(matrix.read_text().replace("lab-xen13", "lab-xen31"))
    assert "did you mean 'lab-xen13'?" in call("check", matrix).err


def test_doctor_and_clean_of_a_lab_that_is_down_say_how_to_bring_it_up(call: Call, world: Any) -> None:
    for verb in ("doctor", "clean"):
        for host, command in (("lab", "pvbench lab up"), ("lab-plain", "pvbench lab up --flavour plain")):
            assert (4, f"hint: {command}") == ((said := call(verb, host)).code, said.err.splitlines()[1])


@pytest.mark.parametrize("verb", [("lab", "build"), ("lab", "up"), ("run",), ("pilot",), ("shell",)])
def test_whatever_may_build_something_takes_a_mirror(call: Call, verb: tuple[str, ...]) -> None:
    assert "--mirror URL" in call(*verb, "--help").out


def test_doctor_of_this_machine_answers_for_programs_too(call: Call) -> None:
    said = call("doctor", "--json")
    found = json.loads(said.out)
    assert found["fit"] == (said.code == 0)
    assert all(lack["mend"] for lack in found["missing"])
