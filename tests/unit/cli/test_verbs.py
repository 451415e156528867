"""Every verb over a made-up world: what it prints, where, and with which exit code."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.errors import HostKeyMismatch

Call = Callable[..., Any]


def run_id(here: Path) -> str:
    return min((here / "results/runs").iterdir()).name


def test_init_writes_what_check_accepts_and_never_overwrites(call: Call, here: Path) -> None:
    said = call("init")
    assert (0, "matrix.yaml\nhosts.yaml\n") == (said.code, said.out)
    assert call("check", "matrix.yaml").code == 0
    (here / "matrix.yaml").unlink()
    (here / "hosts.yaml").write_text("mine")
    said = call("init")
    assert (2, "mine", False) == (said.code, (here / "hosts.yaml").read_text(), (here / "matrix.yaml").exists())
    assert "hosts.yaml exists already" in said.err


def test_check_counts_and_prints_the_schemas(call: Call, matrix: Path) -> None:
    assert call("check", matrix).out == f"{matrix}: ok, 4 cells in 2 blocks, 8 trials on xen1\n"
    assert json.loads(call("check", "--schema").out)["title"] == "pvbench matrix"
    assert json.loads(call("check", "--hosts-schema").out)["title"] == "pvbench hosts"


def test_a_host_may_be_a_name_of_ssh_config(call: Call, matrix: Path, world: Any) -> None:
    matrix.write_text(matrix.read_text().replace("xen1", "big"))
    said = call("check", matrix)
    assert (2, True) == (said.code, "no host 'big'" in said.err)
    assert said.err.startswith(f"pvbench: {matrix}:2:9: ")
    (world.home / ".ssh").mkdir(parents=True)
    (world.home / ".ssh/config").write_text("Host *.local\n  User me\nHost bog big\n  HostName 192.0.2.1\n")
    assert call("check", matrix).code == 0


def test_a_guest_of_ones_own_is_refused_as_long_as_none_can_be_booted(call: Call, matrix: Path) -> None:
    matrix.write_text(matrix.read_text() + "guest: {image: mine.img}\n")
    for verb in ("check", "run"):
        said = call(verb, matrix)
        assert (2, True) == (said.code, "mine.img" in said.err)


def test_plan_prints_cells_order_and_cost(call: Call, matrix: Path) -> None:
    said = call("plan", matrix)
    assert said.code == 0
    assert "4 cells, 8 trials in 2 blocks, 2 boots" in said.out
    assert said.out.count("b02-") == 0
    assert call("-v", "plan", matrix).out.count("b02-xen1") == call("plan", "-v", matrix).out.count("b02-xen1") == 4
    data = json.loads(call("plan", matrix, "--json").out)
    assert (4, 8, 2) == (len(data["cells"]), len(data["trials"]), data["estimate"]["boots"])


def test_a_run_prints_the_table_the_label_and_what_to_do_next(measured: Any, here: Path, world: Any) -> None:
    assert "ide" in measured.out
    assert "software emulation" in measured.out
    assert f"run {run_id(here)}: 8 ok, 0 invalid, 0 not measured" in measured.err
    assert f"pvbench report {run_id(here)} -o report.html" in measured.err
    assert "trial 8 of 8" in measured.err
    assert (here / "results/runs" / run_id(here) / "trials.parquet").exists()
    assert ["b01-xen1", "b02-xen1", "setup"] == world.hypervisor.undone
    assert ("pvb-lease", "release") == world.asked[-1]


def test_quiet_leaves_only_the_table(call: Call, matrix: Path) -> None:
    said = call("-q", "run", matrix)
    assert (0, "") == (said.code, said.err)
    assert said.out


def test_a_dry_run_contacts_and_writes_nothing(call: Call, matrix: Path, here: Path, world: Any) -> None:
    said = call("run", matrix, "--dry-run")
    assert (0, [], False) == (said.code, world.asked, (here / "results").exists())
    assert "4 cells, 8 trials" in said.out


def test_traffic_on_another_device_is_invalid_and_exit_code_3(call: Call, matrix: Path, world: Any) -> None:
    world.hypervisor.carrier = {"netfront": "e1000"}
    said = call("run", matrix)
    assert (3, True) == (said.code, "2 invalid" in said.err)
    assert "INVALID" in said.out


def test_an_interrupted_run_goes_on_without_repeating_a_trial(call: Call, matrix: Path, here: Path, world: Any) -> None:
    def interrupt(_device: str, number: int) -> None:
        if number == 4:
            raise KeyboardInterrupt

    world.hypervisor.before_run = interrupt
    said = call("run", matrix)
    lines = said.err.splitlines()
    assert 130 == said.code
    assert ["pvbench: interrupted", f"hint: pvbench run --resume {run_id(here)}"] == lines[-2:]
    assert ["b01-xen1", "setup"] == world.hypervisor.undone
    first = list(world.hypervisor.runs)
    world.hypervisor.before_run = lambda _device, _number: None
    said = call("run", "--resume", "last")
    # The interrupted one has a partner: both are measured in the new boot.
    assert (0, 4, 10) == (said.code, len(first), len(world.hypervisor.runs))
    assert f"run {run_id(here)}: 8 ok" in said.err


def test_a_run_does_not_go_on_with_another_matrix_host_or_stack(
    call: Call, measured: Any, matrix: Path, world: Any
) -> None:
    facts, image = world.hypervisor.now, world.image
    world.hypervisor.now = replace(facts, kernel="Linux 6.2")
    assert (2, True) == ((said := call("run", "--resume", "last")).code, "the host xen1" in said.err)
    world.hypervisor.now, world.image = facts, replace(image, digest="other")
    assert (2, True) == ((said := call("run", "--resume", "last")).code, "the guest image" in said.err)
    world.image = image
    matrix.write_text(matrix.read_text().replace("blocks: 2", "blocks: 3"))
    assert (2, True) == ((said := call("run", matrix, "--resume", "last")).code, "the matrix" in said.err)


def test_a_host_held_by_another_controller_ends_the_run_with_how_to_go_on(call: Call, matrix: Path, world: Any) -> None:
    world.answers["acquire"] = {"held": {"owner": "ann@pc", "since": "noon", "seconds": 60}}
    said = call("run", matrix)
    assert (4, True, True) == (said.code, "ann@pc" in said.err, "pvbench run --resume 2026" in said.err)


def test_a_changed_host_key_stops_the_run_before_it_begins(call: Call, matrix: Path, here: Path, world: Any) -> None:
    def refuse(*_: object) -> None:
        raise HostKeyMismatch("xen1 shows another key", hint="find out why")

    world.connect = refuse
    said = call("run", matrix)
    assert (4, False) == (said.code, (here / "results").exists())
    assert ["pvbench: xen1 shows another key", "hint: find out why"] == said.err.splitlines()


def test_leftovers_of_a_dead_controller_are_removed_and_told(call: Call, matrix: Path, world: Any) -> None:
    world.left_behind = left = [{"kind": "domain", "name": "pvb-old"}]
    assert "xen1: removed domain pvb-old, left by an earlier run" in call("run", matrix).err
    world.left_behind = left
    assert call("clean", "xen1", "--dry-run").out == "found\tdomain\tpvb-old\n"
    assert call("clean", "xen1").out == "removed\tdomain\tpvb-old\n"


def test_what_a_program_on_the_host_left_that_died_is_removed_in_the_end(call: Call, matrix: Path, world: Any) -> None:
    def died(_device: str, number: int) -> None:
        world.left_behind = [{"kind": "bridge", "name": "pvbr0"}] if number == 1 else world.left_behind

    world.hypervisor.before_run = died
    said = call("run", matrix)

    assert (0, []) == (said.code, world.left_behind)
    assert "xen1: removed bridge pvbr0, left by a program that died" in said.err


def test_what_clean_leaves_alone_is_told_with_its_reason(call: Call, matrix: Path, world: Any) -> None:
    world.left_alone = [{"kind": "domain", "name": "pvb-theirs", "why": "its UUID is not ours"}]
    told = "left alone domain pvb-theirs: its UUID is not ours\n"
    assert (0, told) == ((said := call("clean", "xen1")).code, said.out)
    assert told == call("clean", "xen1", "--dry-run").out
    assert "pvb-theirs" not in call("run", matrix).err
    assert "left alone domain pvb-theirs" in call("-v", "run", matrix).err


def test_clean_all_asks_for_what_is_kept_too(call: Call, matrix: Path, world: Any) -> None:
    asked = []
    run, world.run = world.run, lambda command: asked.append(command.stdin) or run(command)
    call("clean", "xen1")
    call("clean", "xen1", "--all")
    assert [False, True] == [json.loads(each)["all"] for each in asked if each.startswith(b"{")]


def test_ls_lists_runs_for_people_and_programs(call: Call, measured: Any, here: Path) -> None:
    said = call("ls")
    assert run_id(here) in said.out
    assert "8 of 8 ok" in said.out
    assert [run_id(here)] == [each["run"] for each in json.loads(call("ls", "--json").out)]


def test_ls_without_runs_prints_nothing_to_pipe(call: Call) -> None:
    assert (0, "") == ((said := call("ls")).code, said.out)
    assert "[]\n" == call("ls", "--json").out


def test_show_prints_readings_with_units_and_a_cells_evidence(call: Call, measured: Any) -> None:
    data = json.loads(call("show", "last", "--json").out)
    trial = data["cells"][0]["trials"][0]
    assert {"metric", "value", "unit", "better"} == set(trial["readings"][0])
    assert 1.0 == trial["witnesses"][0]["share"]
    cell = next(each["id"] for each in data["cells"] if each["device"] == "ide")
    said = call("show", "last", cell[:5])
    assert "IOPS" in said.out
    assert "host saw ide" in said.out
    assert "sha256" in said.out
    assert "sha256" not in call("show", "last").out
    assert 1 == len(json.loads(call("show", "last", cell, "--json").out)["cells"])


def test_a_run_or_cell_that_is_not_there_names_the_nearest(call: Call, measured: Any, here: Path) -> None:
    assert (2, True) == ((said := call("show", "2025")).code, run_id(here) in said.err)
    assert (2, True) == ((said := call("show", "last", "zz")).code, "no cell 'zz'" in said.err)


def test_report_writes_one_file_or_standard_output(call: Call, measured: Any, here: Path) -> None:
    said = call("report", "last", "-o", "out.html")
    assert (0, "out.html\n") == (said.code, said.out)
    text = (here / "out.html").read_text()
    assert text.lower().startswith("<!doctype html>")
    assert text == call("report", "last", "-o", "-").out
    assert (2, True) == ((said := call("report", "last", "-o", "no/out.html")).code, "no/out.html" in said.err)


def test_report_writes_the_same_page_for_programs(call: Call, measured: Any, here: Path) -> None:
    said = call("report", "last", "--format", "json")

    assert (0, f"{run_id(here)}.json\n") == (said.code, said.out)
    written = (here / f"{run_id(here)}.json").read_text()
    assert run_id(here) == json.loads(written)["page"]["run_id"]
    assert written == call("report", "last", "--format", "json", "-o", "-").out


def test_compare_takes_devices_or_cells(call: Call, measured: Any) -> None:
    assert "blkfront" in call("compare", "last", "ide", "blkfront").out
    data = json.loads(call("compare", "last", "netfront", "e1000", "--json").out)
    assert ["netfront"] == [each["a"]["device"] for each in data["comparisons"]]
    cells = {each["device"]: each["id"] for each in json.loads(call("show", "last", "--json").out)["cells"]}
    said = call("compare", "last", cells["ide"], cells["blkfront"], "--json")
    assert (0, 1) == (said.code, len(json.loads(said.out)["comparisons"]))


def test_compare_alone_prints_every_comparison_of_the_matrix_and_a_factor_its_own(call: Call, measured: Any) -> None:
    every = json.loads(call("compare", "last", "--json").out)["comparisons"]
    assert {"e1000", "ide"} == {each["a"]["device"] for each in every}
    assert every == json.loads(call("compare", "last", "device", "--json").out)["comparisons"]
    text = call("compare", "last").out
    assert "netfront against e1000" in text
    assert "blkfront against ide" in text
    turned = json.loads(call("compare", "last", "device", "blkfront", "ide", "--json").out)["comparisons"]
    assert {"blkfront"} == {each["a"]["device"] for each in turned}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("devcie",), "did you mean 'device'"),
        (("queues",), "queues is the same in all cells"),
        (("device", "ide", "sda"), "device is never 'sda'"),
        (("device", "ide", "blkfront", "e1000"), "a FACTOR and two of its values"),
    ],
)
def test_compare_refuses_a_factor_that_a_run_does_not_vary(
    call: Call, measured: Any, words: tuple[str, ...], expected: str
) -> None:
    said = call("compare", "last", *words)
    assert (2, True) == (said.code, expected in said.err)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("ide", "netfront", "no workload exercises both"),
        ("ide", "ide", "compared with itself"),
        ("ide", "blkfrnt", "did you mean 'blkfront'"),
        ("x", "y", "neither a device nor a cell"),
    ],
)
def test_compare_refuses_what_is_not_alike(call: Call, measured: Any, a: str, b: str, expected: str) -> None:
    said = call("compare", "last", a, b)
    assert (2, True) == (said.code, expected in said.err)


def test_doctor_says_what_a_host_lacks_and_what_mends_it(call: Call, matrix: Path, world: Any) -> None:
    said = call("doctor", "xen1")
    assert (0, True) == (said.code, said.out.startswith("xen1 can run guests: yes\n"))
    world.hypervisor.missing = (("iperf3 is not installed", "apt-get install iperf3"),)
    said = call("doctor", "xen1")
    assert (4, True) == (said.code, "mend: apt-get install iperf3" in said.out)
    assert not json.loads(call("doctor", "xen1", "--json").out)["fit"]


def test_shell_boots_the_guest_of_a_trial_runs_the_command_and_tears_down(call: Call, matrix: Path, world: Any) -> None:
    world.answers["fio"] = "fio-3.33\n"
    said = call("shell", "xen1", "--", "fio", "--version")
    assert (0, "fio-3.33\n") == (said.code, said.out)
    spec = world.hypervisor.boots[0]
    assert {"e1000", "netfront", "ide", "blkfront"} == set(spec.devices)
    assert (256 << 20, 1, 256 << 20) == (spec.memory_bytes, spec.vcpus, spec.scratch_bytes)
    assert [spec.name, "setup"] == world.hypervisor.undone
    assert ("pvb-lease", "release") == world.asked[-1]
    assert "/dev/xvde" in said.err
    assert 3 == call("shell", "xen1", "false").code


def test_a_shell_needs_a_terminal(call: Call, matrix: Path, world: Any) -> None:
    said = call("shell", "xen1")
    assert (2, []) == (said.code, world.asked)
    assert said.err.startswith("pvbench: a shell needs a terminal")
