"""A Xen host made of functions: what is asked of it, in which order, and what it answers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pvbench.errors import Unreachable
from pvbench.hypervisor import GuestSpec
from pvbench.model import Placement
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult
from tests import contracts

S = 1_000_000_000
SPEC = GuestSpec("b01-xen1", ("ide", "blkfront"), Placement.COEXIST, 256 << 20, 1, 64 << 20)
PROBED = {
    "facts": {
        "kernel": "6.1",
        "kernel_version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
        "cpu": "EPYC",
        "os": "Debian",
        "command_line": "",
        "governor": None,
        "versions": {},
        "processor": None,
        "machine": [None, None],
        "dmi": {"sys_vendor": "", "product_name": "", "product_version": ""},
        "xen": {"xen_version": "4.17.5", "nr_cpus": "2", "total_memory": "4095", "virt_caps": "hvm"},
    },
    "platform": {
        "id": "debian",
        "like": [],
        "version": "12",
        "toolstack": "xl",
        "init": "systemd",
        "packages": "apt-get",
        "xenstored": "xenstored",
        "backends": {"vif": "module", "vbd": "module"},
        "bridges": {},
        "security": [],
        "losetup": "util-linux",
        "python": "3.11",
    },
    "missing": [],
    "speed": {"loop": 0.0125, "processes": 0.0125},
}
LOOK = """\
look={when},block,sda,ata_piix,131072,{ide},{ide_sectors}
look={when},block,xvde,vbd,131072,{pv},{pv_sectors}
"""


class Dom0:
    """A host with one domain, number 4, whose blkfront moves 400 KiB in 100 requests between two looks."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.ran: list[tuple[str, ...]] = []
        self.looks = 0
        self.alive = True
        self.in_guest: list[tuple[str, ...]] = []
        self.refused: str | None = None
        self.pace = 900_000
        self.gone = False
        self.probed: dict[str, Any] = {}
        self.told: list[str] = []
        self.instead: dict[str, dict[str, Any]] = {}
        self.fetched = "trace"

    def transport(self) -> FakeTransport:
        return FakeTransport(self.run, name="xen1", answer=self.answer, behind=self.behind)

    def behind(self, address: str) -> FakeTransport:
        if not self.alive:
            raise Unreachable(f"{address} does not answer")
        return FakeTransport(self.guest)

    def run(self, command: Command) -> CommandResult:
        self.ran.append(command.argv)
        if command.argv[0].endswith("pvb-probe"):
            self.probed = json.loads(command.stdin)
            return done(json.dumps(PROBED))
        if command.argv[0] == "cat":
            return done(self.fetched)
        if command.argv[0] == "fio":
            return done("{}")
        whole = [line.split("  ")[1] + ": OK" for line in command.stdin.decode().splitlines()]
        return done("\n".join(whole))

    def answer(self, argv: tuple[str, ...], request: Mapping[str, Any]) -> dict[str, Any]:
        program = Path(argv[0]).name
        if self.gone:
            raise Unreachable("xen1: the connection was lost")
        self.asked.append((f"{program} {request['action']}", request))
        answer = self.answers(request)
        contracts.check(program, request, answer)  # what is made of functions keeps to what real programs do
        return answer

    def answers(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self.instead.get(request["action"]) or {
            "vcpus": {"online": request.get("number") or 4},
            "setup": {
                "disks": {
                    name: {"path": f"/dev/loop{n}", "file": f"/s/{name}.img", "cache": "a loop device"}
                    for n, name in enumerate(("ide", "blkfront"))
                },
                "boot": "/s/work-1/boot",
            },
            "create": {"domid": 4, "argv": ["qemu", "-xen-domid", "4"], "seconds": 9.5},
            "look": self.look(request) if request["action"] == "look" else {},
            "undo": {"failures": []},
            "room": {},
            "state": {"state": "1 2 3 4 5"},
            "digest": {"done": 3, "bytes": 3, "sha256": "0" * 64},
            "alive": {"alive": self.alive, "log": "qemu: could not open disk"},
            "collect": {
                "path": "/s/run/trace.bin",
                "bytes": 5,
                "mhz": 2445.0,
                "before": self.counters(5 * S, 10),
                "after": self.counters(7 * S, 70),
            },
        }.get(request["action"], {})

    def counters(self, at: int, ios: int) -> dict[str, Any]:
        disk = {"bytes": ios * 4096, "ios": ios}
        return {"at": at, "nics": {}, "vbds": {"vbd-4-51776": disk}, "blockstats": {"ide0-hd0": {"bytes": 0, "ios": 0}}}

    def look(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.looks += 1
        cpu = {
            "at": self.looks * 10 * S,
            "domains": {"0": self.looks * 5 * S, "4": self.looks * 7 * S},
            "idle": [self.looks * 3 * S, self.looks * 5 * S],
            "threads": {"91": ["backend", "4.xvde-0", self.looks * S]},
            "pace": self.pace,
        }
        stored = {"/local/domain/0/backend/vbd/4/51776/state": "4", "/local/domain/0/backend/vbd/4/768/state": "2"}
        found = {path: value for path, value in stored.items() if path.rpartition("/")[0] in request["xenstore"]}
        counted = self.counters(0, 100 * self.looks)
        del counted["at"]
        return counted | {"xenstore": found, "cpu": cpu}

    def guest(self, command: Command) -> CommandResult:
        self.in_guest.append(command.argv)
        if command.argv[0] == self.refused:
            return CommandResult((), 1, b"", b"no such port\n", 0.1)
        if command.argv[0] == "fails":
            return CommandResult((), 1, b"", b"fio: io_u error on file /dev/xvde\n", 0.1)
        if command.argv == ("pvb-traps",):
            return done("empty hypercall;900:3 1100:1\n")
        before = LOOK.format(when="before", ide=0, ide_sectors=0, pv=5, pv_sectors=40)
        if command.argv == ("pvb-run",):
            return done(before)
        after = LOOK.format(when="after", ide=0, ide_sectors=0, pv=105, pv_sectors=840)
        return done(f"{before}{after}exit=0\nstart=10.0\nend=12.5\nsteal=50\nstdout=2\nstderr=3\nlog=4\n\n{{}}badrate")


def done(stdout: str) -> CommandResult:
    return CommandResult((), 0, stdout.encode(), b"", 0.1)
