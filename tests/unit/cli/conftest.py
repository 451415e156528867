"""The command line called in this process, over a world made of functions: hosts that answer, guests that measure."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pvbench.cli.app import Edges
from pvbench.cli.main import main
from pvbench.clock import Clock
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, LabError
from pvbench.hypervisor import GuestRun, GuestSpec, HostCheck, HostEvidence, TracedLoad, TracePass
from pvbench.inventory import Host, Inventory
from pvbench.lab import LabSpec, Status
from pvbench.model import (
    Cell,
    CommandRecord,
    DeviceKind,
    Emulation,
    GuestImage,
    HostFacts,
    TrapCost,
    Witness,
)
from pvbench.testing import FakeClock, FakeTransport
from pvbench.transport import Command, CommandResult, Transport
from pvbench.workloads import Disk, Peer

GOLDEN = Path(__file__).parents[2] / "golden" / "workloads"
OUTPUTS = {"fio": "fio/3.33-randread.json", "netperf": "netperf/2.7.0-tcp-rr.json"}
MATRIX = """\
schema: 1
hosts: [xen1]
devices: {net: [e1000, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 0s}
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
run: {blocks: 2, seed: 7}
compare: {baseline: {net: e1000, block: ide}}
"""
MOVED = {DeviceKind.BLOCK: 76_000_000, DeviceKind.NET: 2_000_000}  # what the recorded outputs account for
FACTS = HostFacts(
    "xen1", Emulation.SOFTWARE, "lab", "Xen 4.17.5", "Linux 6.1", "EPYC", 2, 1 << 32, 0.05, (("xl", "4.17"),)
)
IMAGE = GuestImage("builtin", "boot.img", "boot.rom", "d19e57", "ssh-ed25519 AAAA", (("fio", "3.33"),))
HOSTS = "schema: 1\nhosts:\n  xen1: {address: xen1.example.org}\n"


@dataclass
class World:
    """What the hosts are like, and what was asked of them."""

    home: Path
    facts: HostFacts = FACTS
    image: GuestImage = IMAGE
    answers: dict[str, Any] = field(default_factory=dict)
    left_behind: list[dict[str, Any]] = field(default_factory=list)
    left_alone: list[dict[str, str]] = field(default_factory=list)
    missing: tuple[tuple[str, str], ...] = ()
    carrier: dict[str, str] = field(default_factory=dict)
    before_trial: Callable[[int], None] = lambda _number: None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    trials: list[tuple[str, str]] = field(default_factory=list)
    boots: list[GuestSpec] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    lab: list[str] = field(default_factory=list)
    lab_up: bool = False
    port: int = 4022

    def edges(self) -> Edges:
        return Edges(
            clock=self.clock,
            connect=self.connect,
            hypervisor=self.hypervisor,
            machine=lambda spec, _clock: Machine(self, spec),
            guest_image=lambda _report: self.image,
            home=self.home,
            state=self.home / "state",
            environment={},
        )

    @contextmanager
    def connect(self, host: Host, _known: Inventory) -> Iterator[Transport]:
        yield FakeTransport(self.run, name=host.name, answer=self.answer)

    def run(self, command: Command) -> CommandResult:
        self.asked.append(command.argv)
        said: Any = {}
        if command.argv[0].endswith("pvb-clean"):
            remove = json.loads(command.stdin)["remove"]
            said = {"found": [{**each, "removed": remove} for each in self.left_behind], "left": self.left_alone}
            self.left_behind = [] if remove else self.left_behind
        text = self.answers.get(command.argv[0], json.dumps(said))
        return CommandResult(command.argv, 3 if command.argv[0] == "false" else 0, text.encode(), b"", 0.1)

    def answer(self, argv: tuple[str, ...], request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((argv[0].rpartition("/")[2], str(request["action"])))
        answer: dict[str, Any] = self.answers.get(str(request["action"]), {})
        return answer

    def hypervisor(self, _transport: Transport, _host: Host, _guest: GuestImage, _clock: Clock) -> "Hypervisor":
        return Hypervisor(self)


@dataclass
class Machine:
    """The lab, made up; what was asked of it is in `world.lab`."""

    world: World
    spec: LabSpec

    def up(self, report: Callable[[str], None], wanted: str = "auto") -> Host:
        report("resuming")
        self.world.lab.append(f"up {self.spec.memory_mib} {self.spec.disk_gib} {wanted}")
        self.world.lab_up = True
        return self.host()

    def host(self) -> Host:
        if not self.world.lab_up:
            raise LabError("the lab is not up", hint="pvbench lab up")
        return Host(
            "lab", "127.0.0.1", self.world.port, "root", "/key", "ssh-ed25519 AAAA", storage="memory", complete=True
        )

    def beneath(self) -> None:
        return None

    def down(self) -> bool:
        was, self.world.lab_up = self.world.lab_up, False
        return was

    def remove(self, *, images: bool) -> int:
        self.world.lab.append(f"remove {images}")
        return 1 << 30

    def status(self) -> Status:
        if not self.world.lab_up:
            return Status("ab12", False, None, None, None, None, None, 1 << 20, 0, None)
        return Status("ab12", True, "noon", "root@127.0.0.1:4022", 7, "tcg", 1 << 30, 1 << 20, 1 << 30, "d1")


@dataclass
class Hypervisor:
    world: World

    def facts(self) -> HostFacts:
        return self.world.facts

    def check(self) -> HostCheck:
        return HostCheck(self.world.facts, self.world.missing)

    @contextmanager
    def setup(self, scratch_bytes: int, devices: tuple[str, ...]) -> Iterator[None]:
        try:
            yield
        finally:
            self.world.undone.append("setup")

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator["Guest"]:
        self.world.boots.append(spec)
        try:
            yield Guest(self.world)
        finally:
            self.world.undone.append(spec.name)


class Guest:
    boot_seconds = 40.0
    commands = (CommandRecord("host", ("xl", "create"), 0, 10.0),)

    def __init__(self, world: World) -> None:
        self.world = world
        self.transport = FakeTransport(world.run, name="guest")

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        return (
            Disk("/dev/xvde", 1 << 27, seed)
            if cell.workload.tool == "fio"
            else Peer("198.18.10.1", 5201, "198.18.10.2")
        )

    def cache_mode(self, device: str) -> str | None:
        return "dropped before each measurement"

    def observe(self, device: str) -> "Guest":
        self.device = device
        return self

    def finish(self) -> HostEvidence:
        moved = MOVED[DRIVERS[self.device].kind]
        return HostEvidence(Witness("host", self.device, moved, moved, None, (("state", "4"),)))

    def patience(self, usual_s: float) -> float:
        return 30 * usual_s

    def trace(self, device: str, load: TracedLoad) -> TracePass:
        raise BootError("the host: arm: xentrace is not installed")

    def on_backing(
        self, cell: Cell, seed: int, argv: Callable[[Disk], tuple[str, ...]], timeout_s: float
    ) -> bytes | None:
        return None

    def traps(self) -> tuple[TrapCost, ...]:
        return ()

    def execute(self, device: str, warmup: tuple[str, ...] | None, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        self.world.before_trial(len(self.world.trials))
        self.world.trials.append((device, argv[0]))
        tool = "fio" if argv[0] == "fio" else "netperf"
        output = json.loads((GOLDEN / OUTPUTS[tool]).read_text())["stdout"].encode()
        carrier = self.world.carrier.get(device, min(DRIVERS[device].bound))
        moved = MOVED[DRIVERS[device].kind]
        asked = 1 if device in self.world.carrier else moved
        return GuestRun(argv, 0, output, b"", 1.0, Witness("guest", carrier, asked, moved))


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with the size of the terminal settled."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "130")
    return folder


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def call(here: Path, world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Call the command line over the made-up world."""

    def one(*argv: str | Path) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in argv], world.edges())
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return one


@pytest.fixture
def matrix(here: Path) -> Path:
    """A matrix, and the hosts file beside it."""
    (here / "hosts.yaml").write_text(HOSTS)
    path = here / "quick.yaml"
    path.write_text(MATRIX)
    return path


@pytest.fixture
def measured(call: Callable[..., Said], matrix: Path) -> Said:
    """What a whole run said."""
    said = call("run", matrix)
    assert said.code == 0, said.err
    return said
