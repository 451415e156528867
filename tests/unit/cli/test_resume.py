"""What may go on as what: a run, a pilot and a negative control are three things, and a set-up is one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.inventory import Host

Call = Callable[..., Any]


def stop_at(world: Any, number: int) -> None:
    def stop(_device: str, reached: int) -> None:
        if reached == number:
            raise KeyboardInterrupt

    world.hypervisor.before_run = stop


@pytest.fixture
def stopped(call: Call, matrix: Path, world: Any) -> Callable[..., Path]:
    """Begin something and interrupt it; return its folder."""

    def begin(*words: str) -> Path:
        stop_at(world, len(world.hypervisor.runs) + 4)
        assert 130 == call(*words).code
        world.hypervisor.before_run = lambda _device, _number: None
        return max((matrix.parent / "results/runs").iterdir(), key=lambda path: path.stat().st_ctime_ns)

    return begin


PILOT, CONTROL, RUN = ("pilot", "quick.yaml"), ("run", "quick.yaml", "--negative-control"), ("run", "quick.yaml")


@pytest.mark.parametrize(
    ("begun", "asked", "says"),
    [
        (PILOT, "run --resume ID", "is a pilot, and never becomes a run"),
        (PILOT, "run quick.yaml --resume ID", "is a pilot, and never becomes a run"),
        (PILOT, "run --resume ID --negative-control", "is a pilot, and never becomes a negative control"),
        (CONTROL, "pilot --of ID", "is no pilot but a negative control"),
        (RUN, "pilot --of ID", "is no pilot but a run"),
        (RUN, "run --resume ID --negative-control", "is a run, and never becomes a negative control"),
        (RUN, "run quick.yaml --resume ID --negative-control --dry-run", "is a run, and never becomes"),
        (PILOT, "run --resume ID --dry-run", "is a pilot, and never becomes a run"),
    ],
)
def test_none_of_the_three_continues_another(
    call: Call, stopped: Callable[..., Path], world: Any, begun: tuple[str, ...], asked: str, says: str
) -> None:
    run = stopped(*begun)
    before, measured = (run / "journal.ndjson").read_bytes(), len(world.hypervisor.runs)
    said = call(*(run.name if word == "ID" else word for word in asked.split()))
    assert (2, "", True) == (said.code, said.out, says in said.err)
    assert len(said.err.splitlines()) <= 2
    assert (before, measured) == ((run / "journal.ndjson").read_bytes(), len(world.hypervisor.runs))


def test_a_control_goes_on_as_a_control_with_or_without_the_flag(call: Call, stopped: Callable[..., Path]) -> None:
    for flag in ((), ("--negative-control",)):
        run = stopped(*CONTROL)
        said = call("run", "--resume", run.name, *flag)
        assert "8 ok" in said.err
        assert "control" == json.loads((run / "manifest.json").read_text())["purpose"]


def test_what_is_no_run_is_marked_in_the_list_and_says_so_of_itself(call: Call, stopped: Callable[..., Path]) -> None:
    pilot, control, run = stopped(*PILOT), stopped(*CONTROL), stopped(*RUN)
    listed = {line.split()[0]: line for line in call("ls").out.splitlines()}
    assert "pilot, unfinished; none is resumed" in listed[pilot.name]
    assert "negative control, unfinished: pvbench run --resume" in listed[control.name]
    assert "ok  unfinished: pvbench run" in listed[run.name].replace("  " * 2, "  ")
    data = {each["run"]: each["purpose"] for each in json.loads(call("ls", "--json").out)}
    assert {pilot.name: "pilot", control.name: "control", run.name: "run"} == data
    for folder, words in ((pilot, "a pilot, not a result"), (control, "a negative control, not a result")):
        call("report", folder.name, "-o", "it.html")
        assert words in (control.parents[2] / "it.html").read_text()
    assert "Negative control failed: 3 trials of 8 passed" in (control.parents[2] / "it.html").read_text()


HOSTS = "schema: 1\nhosts:\n  xen1: {{address: {address}{more}}}\n"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"more": ", storage: memory"}, "the host xen1's storage was disk, is memory"),
        ({"more": ", volume_group: vg0"}, "the host xen1's volume group was none, is vg0"),
        ({"more": ", bridge: br0"}, "the host xen1's bridge was pvbench's own, is br0"),
        ({"more": ", scratch: /srv/pvbench"}, "the host xen1's scratch was /var/tmp/pvbench, is /srv/pvbench"),
        ({"address": "xen2.example.org"}, "the host xen1's address was xen1.example.org, is xen2.example.org"),
        ({"more": ", port: 2222"}, "the host xen1's address was xen1.example.org, is xen1.example.org:2222"),
    ],
)
def test_a_run_does_not_go_on_with_another_set_up_and_names_what_changed(
    call: Call, stopped: Callable[..., Path], world: Any, matrix: Path, changed: dict[str, str], says: str
) -> None:
    run = stopped(*RUN)
    hosts = matrix.parent / "hosts.yaml"
    first = hosts.read_text()
    hosts.write_text(HOSTS.format(**({"address": "xen1.example.org", "more": ""} | changed)))
    measured = len(world.hypervisor.runs)
    said = call("run", "--resume", run.name)
    assert (2, measured) == (said.code, len(world.hypervisor.runs))
    assert f"pvbench: {run.name} cannot go on: {says}" == said.err.splitlines()[-2]
    hosts.write_text(first)
    assert 0 == call("run", "--resume", run.name).code


def test_a_run_does_not_go_on_on_another_machine(call: Call, stopped: Callable[..., Path], world: Any) -> None:
    world.hypervisor.now = replace(world.hypervisor.now, details=(("machine id", "0123456789abcdef"),))
    run = stopped(*RUN)
    world.hypervisor.now = replace(world.hypervisor.now, details=(("machine id", "fedcba9876543210"),), cpus=4)
    said = call("run", "--resume", run.name)
    assert 2 == said.code
    assert "the host xen1's machine id was 0123456789abcdef, is fedcba9876543210" in said.err
    assert "the host xen1's cpus was 2, is 4" in said.err


def test_a_run_of_an_older_schema_is_not_asked_for_a_set_up_that_it_never_noted(
    call: Call, stopped: Callable[..., Path]
) -> None:
    run = stopped(*RUN)
    head = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(head | {"setups": []}))
    assert 0 == call("run", "--resume", run.name).code


def test_a_lab_that_came_up_again_at_another_port_goes_on(
    call: Call, stopped: Callable[..., Path], world: Any, matrix: Path
) -> None:
    matrix.write_text(matrix.read_text().replace("xen1", "lab"))
    world.hypervisor.now, world.port = replace(world.hypervisor.now, name="lab"), 4022
    run = stopped(*RUN)
    assert dict(json.loads((run / "manifest.json").read_text())["setups"])["lab"] == [
        ["bridge", "pvbench's own"],
        ["scratch", Host("lab", "").scratch],
        ["storage", "memory"],
        ["volume group", "none"],
    ]
    world.labs_up.clear()
    world.port = 4033
    assert 0 == call("run", "--resume", run.name).code


def test_a_control_that_could_swap_nothing_measures_nothing(call: Call, matrix: Path, world: Any) -> None:
    matrix.write_text(matrix.read_text().replace("placement: coexist", "placement: isolated"))

    said = call("run", "quick.yaml", "--negative-control")

    assert (2, []) == (said.code, world.hypervisor.runs)
    assert "with placement isolated each guest has one device" in said.err
