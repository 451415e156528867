"""The world of the command line, made of functions: hosts that answer, a lab that comes up at once, an empty home."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvbench.cli.app import Edges
from pvbench.errors import LabError
from pvbench.guest import GuestImage
from pvbench.inventory import Host, Inventory
from pvbench.lab.argv import LabSpec
from pvbench.lab.machine import Status
from pvbench.testing.campaign import IMAGE
from pvbench.testing.clock import FakeClock
from pvbench.testing.hypervisor import FakeHypervisor
from pvbench.testing.stacks import FakeStacks
from pvbench.testing.transport import FakeTransport
from pvbench.transport import Command, CommandResult, Transport

HOSTS = "schema: 1\nhosts:\n  xen1: {address: xen1.example.org}\n"
"""An inventory whose host any made-up world has."""


@dataclass
class FakeWorld:
    """What every host is like, and what was asked of them.

    `home` is the user's folder. Guests are those of `hypervisor`, which `stacks` boots. `answers` are what else is
    answered: by action, what hostside programs say, by program, what it prints. `left_behind` and `left_alone` are what
    `clean` finds and what it leaves. `asked` are commands and (program, action) in order, `lab` what was asked of the
    lab.
    """

    home: Path
    hypervisor: FakeHypervisor = field(default_factory=FakeHypervisor)
    stacks: FakeStacks = field(init=False)
    image: GuestImage = IMAGE
    answers: dict[str, Any] = field(default_factory=dict)
    left_behind: list[dict[str, Any]] = field(default_factory=list)
    left_alone: list[dict[str, str]] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    lab: list[str] = field(default_factory=list)
    labs_up: set[str] = field(default_factory=set)
    port: int = 4022

    def __post_init__(self) -> None:
        self.stacks = FakeStacks(self.hypervisor)

    def edges(self) -> Edges:
        """Return what `pvbench.cli.main.main` takes for the world outside."""
        self.hypervisor.run_in_guest = self.run
        machine: Any = lambda spec, _clock: FakeLab(self, spec)  # noqa: E731  it stands in for a class
        return Edges(
            clock=self.clock,
            connect=self.connect,
            hypervisor=lambda *_: self.hypervisor,
            stacks=lambda _host: self.stacks,
            machine=machine,
            guest_image=lambda _report: self.image,
            wait=lambda: None,
            home=self.home,
            state=self.home / "state",
            environment={},
        )

    @contextmanager
    def connect(self, host: Host, _known: Inventory) -> Iterator[Transport]:
        """Give a way to a host."""
        yield FakeTransport(self.run, name=host.name, answer=self.answer)

    def run(self, command: Command) -> CommandResult:
        """Answer a command; `false` fails."""
        self.asked.append(command.argv)
        printed: Any = {}
        if command.argv[0].endswith("pvb-clean"):
            remove = json.loads(command.stdin)["remove"]
            printed = {"found": [{**each, "removed": remove} for each in self.left_behind], "left": self.left_alone}
            self.left_behind = [] if remove else self.left_behind
        text = self.answers.get(command.argv[0], json.dumps(printed))
        return CommandResult(command.argv, 3 if command.argv[0] == "false" else 0, text.encode(), b"", 0.1)

    def answer(self, argv: tuple[str, ...], request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request to a hostside program by its action."""
        self.asked.append((argv[0].rpartition("/")[2], str(request["action"])))
        answer: dict[str, Any] = self.answers.get(str(request["action"]), {})
        return answer


@dataclass
class FakeLab:
    """The lab of a made-up world."""

    world: FakeWorld
    spec: LabSpec

    @property
    def exists(self) -> bool:
        """Whether it is up; one that is down was never there."""
        return self.spec.flavour.host in self.world.labs_up

    def up(self, report: Callable[[str], None], wanted: str = "auto", *, fresh: bool = False) -> Host:
        """Bring it up at once."""
        report("resuming")
        flavour = "" if self.spec.flavour.host == "lab" else f" {self.spec.flavour.name}"
        size = f"{self.spec.memory_mib} {self.spec.disk_gib}"
        self.world.lab.append(f"up{flavour} {size} {wanted}{' fresh' if fresh else ''}")
        self.world.labs_up.add(self.spec.flavour.host)
        return self.host()

    def host(self) -> Host:
        """Return the lab as a host. Raises LabError while it is down."""
        if not self.exists:
            raise LabError("the lab is not up", hint=self.spec.flavour.command("up"))
        return Host(
            self.spec.flavour.host,
            "127.0.0.1",
            self.world.port,
            "root",
            "/key",
            "ssh-ed25519 AAAA",
            storage="memory",
            complete=True,
        )

    def beneath(self) -> None:
        """Return that nothing tells what runs beneath."""
        return

    def down(self) -> bool:
        """Take it down, and return whether it was up."""
        was = self.exists
        self.world.labs_up.discard(self.spec.flavour.host)
        return was

    def remove(self, *, images: bool) -> int:
        """Return how many bytes that gave back."""
        self.world.lab.append(f"remove {images}")
        return 1 << 30

    def status(self) -> Status:
        """Return how it is."""
        flavour = self.spec.flavour
        if not self.exists:
            return Status(
                name="ab12",
                flavour=flavour.name,
                host=flavour.host,
                running=False,
                since=None,
                address=None,
                pid=None,
                accelerator=None,
                memory_bytes=None,
                disk_bytes=1 << 20,
                image_bytes=0,
                image=None,
            )
        return Status(
            name="ab12",
            flavour=flavour.name,
            host=flavour.host,
            running=True,
            since="noon",
            address="root@127.0.0.1:4022",
            pid=7,
            accelerator="tcg",
            memory_bytes=1 << 30,
            disk_bytes=1 << 20,
            image_bytes=1 << 30,
            image="d1",
        )
