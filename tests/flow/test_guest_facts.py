"""What guests say they are, from a made-up host to the report: a guest that is upgraded while it is measured, too."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pvbench.cli.main import main
from pvbench.hypervisor import GuestSpec
from pvbench.store import Store
from pvbench.testing import FakeWorld
from pvbench.testing.guest_runs import DEBIAN, FACTS
from pvbench.testing.world import HOSTS
from tests.unit.test_partitions import mbr

IMAGE = "debian-13.raw"
MATRIX = f"""\
schema: 1
hosts: [xen1]
placement: isolated
devices: {{block: [blkfront]}}
guest: {{image: [builtin, {IMAGE}]}}
workloads:
  - fio: {{rw: randread, bs: 4KiB, runtime: 1s, warmup: 1s}}
run: {{blocks: 2}}
compare: {{factor: guest, baseline: builtin}}
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    (tmp_path / IMAGE).write_bytes((b"\xeb\x63" + mbr(0x83)[2:]).ljust(1 << 20, b"\0"))
    return FakeWorld(tmp_path / "home")


def facts(spec: GuestSpec, tools: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return FACTS[DEBIAN if spec.guest == IMAGE else "builtin"]


def printed(world: FakeWorld, capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    capsys.readouterr()
    assert main(list(argv), world.edges()) == 0
    return " ".join(capsys.readouterr().out.split())


def test_the_end_of_a_run_and_its_report_say_in_what_two_guests_differ(
    world: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hypervisor.guest_facts = facts
    sentence = f"{IMAGE} and builtin differ in kernel 6.12.48+deb13-amd64 / 6.1.0-40-amd64 and, beyond the kernel, in"

    assert sentence in printed(world, capsys, "run", "matrix.yaml")
    assert sentence in printed(world, capsys, "report", "last", "-o", "-").replace("&#43;", "+")
    with Store.open(Path("results"), "2") as store:
        cell = next(spec.cell.id for spec in store.manifest.plan if spec.cell.arm.guest == IMAGE)
    assert "the guest's clock source: tsc" in printed(world, capsys, "show", "last", cell)


def test_a_guest_that_upgrades_its_kernel_between_boots_is_told_of(
    world: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hypervisor.guest_facts = lambda spec, tools: (
        ("kernel", f"6.12.{len([one for one in world.hypervisor.boots if one.guest == spec.guest])}"),
    )
    said = printed(world, capsys, "run", "matrix.yaml")

    assert f"{IMAGE} was not the same in all its boots: kernel 6.12.1 in 1 boot, 6.12.2 in 1 boot." in said
