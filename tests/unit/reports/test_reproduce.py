"""What a page says to copy to measure a cell again is a matrix of that one cell."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pvbench import matrix
from pvbench.model import Arm, Cell
from pvbench.reports.reproduce import Narrowed
from pvbench.store import Store
from pvbench.testing.runs import fio, sample_manifest, sample_run
from pvbench.tunables import TUNABLES
from tests.unit.test_disk_image import qcow2

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.yaml") if "\nworkloads:" in path.read_text())
NASTY = "x'\nEND\n$(touch pwned)`id`</script>"


def narrowed(text: str) -> Narrowed:
    return Narrowed(sample_manifest((), matrix_text=text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_cell_of_the_examples_is_planned_alone(path: Path) -> None:
    whole = matrix.load(path.read_text(), name=path.name, folder=path.parent)
    again = narrowed(path.read_text())

    cells = matrix.expand(whole)
    for cell in cells[:: 1 + len(cells) // 8]:
        alone = matrix.load("\n".join(again.lines(cell)), name="cell", folder=path.parent)
        acting = tuple(pair for pair in cell.tunables if TUNABLES[pair[0]].acts_on(cell.device))
        assert matrix.expand(alone) == (replace(cell, arm=replace(cell.arm, tunables=acting)),)
        assert (alone.run.blocks, alone.run.seed, alone.run.order) == (
            whole.run.blocks,
            whole.run.seed,
            whole.run.order,
        )
        assert (alone.guest, alone.scratch_bytes) == (whole.guest, whole.scratch_bytes)


def test_a_cell_is_measured_again_in_its_own_guest_with_the_memory_that_it_had(tmp_path: Path) -> None:
    (tmp_path / "debian.qcow2").write_bytes(qcow2())
    image = "[builtin, debian.qcow2, {on_host: /srv/ubuntu.img, user: ubuntu}]"
    text = (
        "schema: 1\nhosts: [xen1]\ndevices: {net: [netfront]}\nplacement: isolated\n"
        "workloads: [{netperf: {test: TCP_RR}}]\n"
        f"guest: {{image: {image}, user: debian, console: hvc0}}\n"
    )
    whole = matrix.load(text, name="whole", folder=tmp_path)

    guests = []
    for cell in matrix.expand(whole):
        alone = matrix.load("\n".join(narrowed(text).lines(cell)), name="cell", folder=tmp_path)
        assert matrix.expand(alone) == (cell,)
        assert alone.guest.memory_bytes == whole.guest.memory_bytes
        guests += alone.guest.images
    assert guests == list(whole.guest.images)


@pytest.mark.parametrize(
    "more",
    [
        "stacks: [old, new]\nrun: {blocks: 2, boots_per_deployment: 2}",
        "tunables: {queues: [1, 4], mtu: [576, 1500]}",
        "guest: {memory: 512MiB, vcpus: 4, mode: [hvm, pvh]}",
        "run: {runs_per_boot: 2, twins: 0.5, traces: 0, settle: 500ms, warmup: 3s, runtime: 20s, order: fixed}",
    ],
)
def test_what_a_matrix_sweeps_is_narrowed(more: str) -> None:
    head = "schema: 1\nhosts: [xen1, xen2]\ndevices: {net: [netfront]}\nplacement: isolated\n"
    loads = "workloads: [{iperf3: {direction: [up, down], protocol: udp, rate: [2.5Mbit/s, unlimited], length: 64B}}]\n"
    text = head + loads + more
    whole = matrix.load(text, name="whole")

    for cell in matrix.expand(whole):
        alone = matrix.load("\n".join(narrowed(text).lines(cell)), name="cell")
        assert matrix.expand(alone) == (cell,)
        assert alone.run == whole.run
        assert alone.guest == whole.guest


def test_the_block_of_the_shipped_run_is_planned_by_a_shell_as_it_stands(tmp_path: Path) -> None:
    with Store.open(ROOT, ROOT / "results/example/quickstart") as store:
        manifest = store.manifest
    cell = manifest.plan[0].cell
    block = Narrowed(manifest).block(cell)

    done = subprocess.run(
        ["sh", "-c", block.replace("pvbench run", "printf '%s\\n'")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert block.startswith("# pvbench 0.1.0, Xen 4.17.5, Linux 6.1.0-50-amd64; run 20261128T182931Z-quickstart-312c\n")
    assert done.stdout == f"cell-{cell.id}.yaml\n"
    written = (tmp_path / f"cell-{cell.id}.yaml").read_text()
    assert matrix.expand(matrix.load(written, name="cell")) == (cell,)


def test_a_hostile_name_ends_neither_the_block_nor_the_command(tmp_path: Path) -> None:
    cell = sample_run(blocks=1).manifest.plan[0].cell
    hostile = replace(cell, arm=replace(cell.arm, host=NASTY, stack=f"{NASTY}@1"))
    manifest = sample_manifest(
        (), command=("pvbench", "run", "--hosts", NASTY, "x.yaml"), run_id=NASTY, tool_version=NASTY
    )

    block = Narrowed(manifest).block(hostile)

    subprocess.run(["sh", "-c", block.replace("pvbench run", "true")], cwd=tmp_path, check=True)
    assert [path.name for path in tmp_path.iterdir()] == [f"cell-{hostile.id}.yaml"]


def test_a_run_whose_matrix_is_not_understood_has_what_the_cell_tells() -> None:
    cell = Cell(
        Arm("lab", *[sample_run(blocks=1).manifest.plan[0].cell.arm.kind.BLOCK, "ide"], "isolated"), fio("read", 4096)
    )  # type: ignore[arg-type]
    cell = replace(sample_run(blocks=1).manifest.plan[0].cell, workload=cell.workload)
    cell = replace(cell, arm=replace(cell.arm, kind=cell.arm.kind.BLOCK, device="ide"))

    alone = matrix.load("\n".join(narrowed("schema: [").lines(cell)), name="cell")

    assert matrix.expand(alone) == (cell,)
    assert (alone.run.blocks, alone.run.seed) == (3, 1)


def test_a_tool_that_is_not_known_has_no_block() -> None:
    cell = sample_run(blocks=1).manifest.plan[0].cell
    assert narrowed("").block(replace(cell, workload=replace(cell.workload, tool="pulse"))) == ""
