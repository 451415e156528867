"""A Debian host made of functions: it answers the programs of a deployment, reboots, and comes up as it is told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvbench.errors import Unreachable
from pvbench.inventory import Host
from pvbench.stack import requests
from pvbench.stack.reach import Reach
from pvbench.testing.clock import FakeClock
from pvbench.testing.transport import FakeTransport
from pvbench.transport import Command, CommandResult, Transport

RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'
KERNEL = "6.1.0-30-amd64"
XEN_INFO = "release : {kernel}\nxen_major : {major}\nxen_minor : {minor}\nxen_commandline : placeholder {words}\n"
STATUS = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n\n"


@dataclass
class PlainHost:
    """What it is and what happens to it.

    `apt` is how its own apt-get ends and what it prints. `comes_up` is whether a Xen that is booted once comes up,
    `as_version` which it then is; `cut_at` names a program whose "apply" cuts the connection. `lingers` is how many
    connections it answers on its way down, the first of which somebody interrupts. `asked` has (program, action) in
    order.
    """

    release: str = RELEASE
    comes_up: bool = True
    as_version: str = "4.17"
    cut_at: str = ""
    answers_over_bridge: bool = True
    domains: tuple[str, ...] = ()
    apt: tuple[int, str] = (0, "")
    never_back: bool = False
    lingers: int = 0
    going: int = 0
    watchdog: str | None = "BMC"
    left: list[dict[str, Any]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=lambda: {"/var/lib/dpkg/status": STATUS.encode()})
    clock: FakeClock = field(default_factory=FakeClock)
    told: list[str] = field(default_factory=list)
    boots: int = 1
    xen: str | None = None
    words: str = ""
    entry: str = ""
    applied: dict[str, Any] = field(default_factory=dict)
    kept: bool = False
    once: dict[str, Any] | None = None
    before: bool = False
    bridge_pending: bool = False
    gone: bool = False
    cut: bool = False

    def reach(self, cache: Path) -> Reach:
        """Return how it is reached."""
        return Reach(
            host=Host("plain", "plain.example.org"),
            hold=self.connect,
            connect=self.connect,
            clock=self.clock,
            tell=self.told.append,
            begin=lambda: None,
            cache=cache,
        )

    @contextmanager
    def connect(self) -> Iterator[Transport]:
        """Connect, over a bridge that may let nothing through until the host has undone it."""
        if self.gone:
            raise Unreachable("plain: no route to host")
        if self.bridge_pending and not self.answers_over_bridge:
            raise Unreachable("plain: no answer")
        self.go_on_down()
        self.cut = False
        transport = FakeTransport(self.run, name="plain")
        transport.files = self.files
        yield transport

    def go_on_down(self) -> None:
        """Be a connection nearer to the reboot that was asked for."""
        if self.going:
            self.going -= 1
            if self.going == self.lingers - 1:
                raise KeyboardInterrupt
            if self.going == 0:
                self.lingers = 0
                self.boot()

    def run(self, command: Command) -> CommandResult:
        """Answer a command."""
        if self.cut:
            raise Unreachable("plain: the connection was lost")
        program = command.argv[0].rpartition("/")[2]
        code = 0
        if program.startswith("pvb-"):
            code, text = self.answer(program, json.loads(command.stdin))
        elif program == "apt-get":
            code, text = self.apt
        else:
            text = self.say(command)
        return CommandResult(command.argv, code, text.encode(), text.encode() if code else b"", 0.1)

    def say(self, command: Command) -> str:
        """Answer an ordinary program."""
        words = " ".join(command.argv)
        if "os-release" in words:
            return f"{self.release}\n{KERNEL}\namd64\n"
        if "boot_id" in words:
            return f"boot-{self.boots}\n"
        if "hypervisor/type" in words:
            return "xen\n" if self.xen else ""
        if "xl list" in words:
            listed = ["Name", "Domain-0", *self.domains] if self.xen else []
            return "".join(f"{name} 0\n" for name in listed)
        if words == "xl info":
            major, minor = str(self.xen).split(".")
            return XEN_INFO.format(kernel=KERNEL, major=major, minor=minor, words=self.words)
        if words == "cat /proc/cmdline":
            return f"root=/dev/vda pvbench.entry={self.entry}\n"
        if "pvbench-forget" in words:
            self.files = {path: data for path, data in self.files.items() if "manifest" not in path}
        return ""

    def answer(self, program: str, request: dict[str, Any]) -> tuple[int, str]:
        """Answer a program of a deployment."""
        action = request["action"]
        self.asked.append((program, action))
        if f"{program} {action}" in self.refuses:
            return 1, json.dumps({"error": self.refuses[f"{program} {action}"], "hint": None})
        act = getattr(self, f"{program.removeprefix('pvb-')}_{action}", None) or getattr(self, f"any_{action}")
        said = act(program, request)
        if program == self.cut_at and action == "apply":
            self.cut = True
            raise Unreachable("plain: the connection was lost")
        return 0, json.dumps(said)

    def any_look(self, program: str, request: dict[str, Any]) -> dict[str, Any]:
        wanted = {key: value for key, value in request.items() if key not in ("action", "scratch", "files")}
        return {"changes": [] if self.applied.get(program) == wanted else [f"change {program}"], "state": {}}

    def any_apply(self, program: str, request: dict[str, Any]) -> dict[str, Any]:
        self.applied[program] = {
            key: value for key, value in request.items() if key not in ("action", "scratch", "files")
        }
        return {"changed": [f"changed {program}"]}

    def any_undo(self, program: str, _request: dict[str, Any]) -> dict[str, Any]:
        was = self.applied.pop(program, None)
        return {"undone": [f"undid {program}"] if was else [], "failures": []}

    def boot_look(self, program: str, request: dict[str, Any]) -> dict[str, Any]:
        changes = [] if self.kept and program in self.applied else ["boot it by default"]
        return {"changes": changes, "state": {"watchdog": {"kind": self.watchdog, "why": "there is a BMC, or none"}}}

    def boot_once(self, _program: str, request: dict[str, Any]) -> dict[str, Any]:
        self.once = request
        return {"armed": ["a boot"]}

    def boot_reboot(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        if self.lingers:
            self.going = self.lingers
        else:
            self.boot()
        return {"rebooting": True}

    def boot(self) -> None:
        """Go down, and come up as told."""
        self.boots += 1
        up = (self.once is not None and self.comes_up) or (self.once is None and self.kept)
        self.xen = self.as_version if up else None
        self.words = self.applied.get("pvb-dom0", {}).get("xen_command_line", "")
        self.once, self.cut, self.gone = None, True, self.never_back

    def boot_keep(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        if self.going:
            return {"error": "what runs is not the entry on trial", "hint": None}
        self.kept = True
        return {"kept": "xen"}

    def boot_status(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        armed = {"pending": self.once is not None, "boot_id": f"boot-{self.boots}", "watchdog": {"left_s": None}}
        return {"hypervisor": self.xen and f"{self.xen}.5", "kernel": KERNEL, **armed}

    def boot_restore(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        self.kept, self.once = False, None
        return {"restored": "linux", "reboot": self.xen is not None}

    def bridge_apply(self, program: str, request: dict[str, Any]) -> dict[str, Any]:
        self.bridge_pending = True
        return {**self.any_apply(program, request), "token": "ab", "confirm_within_s": request["confirm_within_s"]}

    def bridge_confirm(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        self.bridge_pending = False
        return {"confirmed": True}

    def audit_begin(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        self.before = True
        return {"kept": True}

    def audit_status(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        return {"kept": self.before}

    def audit_compare(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        return {"differences": self.left}

    def audit_end(self, _program: str, _request: dict[str, Any]) -> dict[str, Any]:
        self.before = False
        return {"removed": True}


def order(host: PlainHost, action: str) -> list[str]:
    """Return the programs that were asked for an action, in order."""
    return [program for program, what in host.asked if what == action]


ALL = [step.program for step in requests.STEPS]
