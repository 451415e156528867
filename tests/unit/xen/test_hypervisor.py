"""A Xen host made of functions: what the hypervisor asks of it, in which order, and what it makes of the answers."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.clock import SystemClock
from pvbench.errors import BootError, CommandFailed, TraceError, Unreachable
from pvbench.guest import BootDisk, GuestImage, Login
from pvbench.hypervisor import GuestSpec, TracedLoad
from pvbench.inventory import Host
from pvbench.model import Arm, Cell, DeviceKind, Emulation, Payer, Placement, Workload
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult
from pvbench.workloads import Disk, Peer
from pvbench.xen import XenHypervisor
from tests import contracts

S = 1_000_000_000
SPEC = GuestSpec("b01-xen1", ("ide", "blkfront"), Placement.COEXIST, 256 << 20, 1, 64 << 20)
CELL = Cell(Arm("xen1", DeviceKind.BLOCK, "blkfront", Placement.COEXIST), Workload("fio", ()))
NET = Cell(Arm("xen1", DeviceKind.NET, "netfront", Placement.COEXIST), Workload("iperf3", ()))
PROBED = {
    "facts": {
        "kernel": "6.1",
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


def load(*argv: str) -> TracedLoad:
    return TracedLoad(argv, 2.5, 2.0, None, lambda printed: printed)


def done(stdout: str) -> CommandResult:
    return CommandResult((), 0, stdout.encode(), b"", 0.1)


@pytest.fixture
def dom0() -> Dom0:
    return Dom0()


@pytest.fixture
def xen(dom0: Dom0, tmp_path: Path) -> XenHypervisor:
    for name in ("boot.img", "boot.rom"):
        (tmp_path / name).write_bytes(b"x")
    image = GuestImage(
        "builtin", "d", BootDisk(str(tmp_path / "boot.img"), str(tmp_path / "boot.rom")), Login("ssh-ed25519 AAAA")
    )
    return XenHypervisor(
        dom0.transport(), Host("xen1", "10.0.0.1", scratch="/s"), image, SystemClock(), dom0.told.append
    )


def test_a_boot_is_set_up_observed_and_torn_down_in_order(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        seen = guest.observe("blkfront")
        run = guest.execute("blkfront", None, ("fio", "--x"), 10)
        host = seen.finish().witness

    assert [what for what, _ in dom0.asked] == [
        "pvb-setup setup",
        "pvb-domain create",
        "pvb-domain look",
        "pvb-domain look",
        "pvb-domain destroy",
        "pvb-setup undo",
    ]
    assert (run.stdout, run.stderr, run.log, run.elapsed_s) == (b"{}", b"bad", b"rate", 2.5)
    assert run.steal == 0.2
    assert (run.witness.driver, run.witness.share, run.witness.asked_ios) == ("vbd", 1.0, 100)
    assert (host.asked_bytes, host.share, host.asked_ios) == (409600, 1.0, 100)
    stored = dict(host.facts)
    assert stored["/local/domain/0/backend/vbd/4/51776/state"] == "4"
    assert "/local/domain/0/backend/vbd/4/768/state" not in stored


def test_a_warm_up_is_run_and_looked_at_like_the_tool(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        run = guest.execute("blkfront", ("netperf", "-l", "1"), ("netperf", "-l", "4"), 10)

    assert [argv for argv in dom0.in_guest if len(argv) > 1 and argv[0] == "pvb-run"] == [
        ("pvb-run", "netperf", "-l", "1"),
        ("pvb-run", "netperf", "-l", "4"),
    ]
    assert run.warmup is not None
    assert (run.warmup.argv, run.warmup.exit_code, run.warmup_s) == (("netperf", "-l", "1"), 0, 2.5)
    assert run.warmup.witness.asked_bytes == 409600


def test_who_used_the_cpus_between_the_looks_is_told(xen: XenHypervisor) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        found = guest.observe("blkfront").finish().bill

    assert found is not None
    paid = dict(found.paid)
    assert (paid[Payer.GUEST], paid[Payer.BACKEND], paid[Payer.HOST], paid[Payer.IDLE]) == (7, 1, 4, 8)
    assert (found.ios, found.moved_bytes, found.unaccounted_s) == (100, 409600, 0)


def test_waiting_for_the_device_model_is_not_called_steal(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        run = guest.execute("ide", None, ("fio", "--x"), 10)

    assert run.steal is None


def test_the_pace_of_an_emulated_processor_is_not_judged(
    xen: XenHypervisor, dom0: Dom0, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulated = {
        "sys_vendor": "pvbench",
        "product_name": "pvbench-lab",
        "product_version": "software emulation (QEMU 7.2 TCG)",
    }
    monkeypatch.setitem(PROBED["facts"], "dmi", emulated)  # type: ignore[arg-type]
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        guest.observe("blkfront").finish()
        dom0.pace *= 2
        seen = guest.observe("blkfront").finish()

    assert xen.facts().emulation is Emulation.SOFTWARE
    assert seen.flags == ()


def test_a_host_that_slows_down_in_a_boot_taints_the_trial(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        early = guest.observe("blkfront").finish().flags
        dom0.pace *= 2
        late = guest.observe("blkfront").finish().flags

    assert early == ()
    assert [str(flag) for flag in late] == ["throttling: the host's CPU took 2.0× as long for a loop as at best"]


def test_a_trace_is_armed_before_the_load_and_fetched_after_it(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        with pytest.raises(TraceError):
            guest.trace("blkfront", load("fio", "--x"))
        traps = guest.traps()

    recorder = [what for what, _ in dom0.asked if what.startswith("pvb-trace")]
    assert recorder == ["pvb-trace arm", "pvb-trace collect", "pvb-trace forget"]
    assert traps[0].bins == ((900, 3), (1100, 1))


def test_a_load_that_failed_is_no_load_that_was_traced(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        with pytest.raises(CommandFailed, match="to be traced failed: fails exited with 1: fio: io_u error on"):
            guest.trace("blkfront", load("fails"))

    assert [what for what, _ in dom0.asked if what.startswith("pvb-trace")] == ["pvb-trace arm", "pvb-trace forget"]


def test_a_trace_that_came_in_part_is_none(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.fetched = "tra"
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:
        with pytest.raises(CommandFailed, match="could not be fetched: 3 of 5 bytes came"):
            guest.trace("blkfront", load("fio"))

    assert dom0.asked[-3][0] == "pvb-trace forget"


def test_trap_costs_that_cannot_be_timed_say_why(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.refused = "pvb-traps"
    with (
        xen.setup(64 << 20, SPEC.devices),
        xen.boot(SPEC) as guest,
        pytest.raises(CommandFailed, match="the guest: no such port"),
    ):
        guest.traps()


def test_the_backing_store_is_measured_on_the_disk_that_setup_made(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC) as guest:

        def argv(disk: Disk) -> tuple[str, ...]:
            return ("fio", f"--filename={disk.path}", f"--size={disk.size_bytes}")

        printed = guest.on_backing(CELL, 7, argv, 10)

    assert printed == b"{}"
    assert dom0.ran[-1] == ("fio", "--filename=/dev/loop1", f"--size={64 << 20}")


def test_a_peer_guest_serves_before_the_first_boots_and_goes_after_it(xen: XenHypervisor, dom0: Dom0) -> None:
    spec = replace(SPEC, devices=("e1000", "netfront"), peer=True)
    between = Workload("netperf", (("peer", "guest"), ("test", "TCP_RR")))
    with xen.setup(0, spec.devices), xen.boot(spec) as guest:
        to = guest.target(replace(NET, workload=between), 1)
        usual = guest.target(replace(NET, workload=Workload("iperf3", ())), 1)

    assert to == Peer("198.18.11.3", 12811, "198.18.11.2")
    assert usual == Peer("198.18.11.1", 5811, "198.18.11.2")
    assert [(what.split()[1], request.get("name")) for what, request in dom0.asked[1:-1]] == [
        ("create", "pvb-b01-xen1-peer"),
        ("create", "pvb-b01-xen1"),
        ("destroy", "pvb-b01-xen1"),
        ("destroy", "pvb-b01-xen1-peer"),
    ]
    assert [argv for argv in dom0.in_guest if argv[0] == "netserver"] == [
        ("netserver", "-4", "-L", f"198.18.{net}.3", "-p", "12811") for net in (10, 11)
    ]


def test_a_peer_whose_server_does_not_start_ends_the_boot(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.refused = "iperf3"
    spec = replace(SPEC, devices=("e1000", "netfront"), peer=True)
    with xen.setup(0, spec.devices), pytest.raises(BootError, match="peer guest: iperf3: no such port"), xen.boot(spec):
        pass

    assert dom0.asked[-2][1]["name"] == "pvb-b01-xen1-peer"


def test_a_guest_that_ends_while_it_boots_says_what_its_device_model_said(dom0: Dom0, xen: XenHypervisor) -> None:
    dom0.alive = False
    with xen.setup(64 << 20, SPEC.devices), pytest.raises(BootError, match="could not open disk"), xen.boot(SPEC):
        pass

    assert dom0.asked[-2][0] == "pvb-domain destroy"


def test_what_could_not_be_undone_is_told_with_what_to_do(xen: XenHypervisor, dom0: Dom0) -> None:
    dom0.instead["undo"] = {"failures": ["umount /s/disks: target is busy", "ip link del: no"]}
    with xen.setup(64 << 20, SPEC.devices):
        pass

    assert dom0.told == [
        "xen1: not undone: umount /s/disks: target is busy; `pvbench clean xen1` tries again",
        "xen1: not undone: ip link del: no; `pvbench clean xen1` tries again",
    ]


def test_processors_that_dom0_refuses_fail_the_boot_and_leave_the_set_up(xen: XenHypervisor, dom0: Dom0) -> None:
    asking = replace(SPEC, tunables=(("dom0_vcpus", 9),))
    with xen.setup(64 << 20, SPEC.devices):
        dom0.instead["vcpus"] = {"error": "dom0 has 4 vCPUs, not 9"}
        with pytest.raises(BootError, match="dom0 has 4 vCPUs, not 9"), xen.boot(asking):
            pass
        with xen.boot(SPEC) as guest:
            assert guest.devices.domid == 4

    assert [what for what, _ in dom0.asked].count("pvb-setup undo") == 1


def test_processors_that_do_not_come_back_are_told(xen: XenHypervisor, dom0: Dom0) -> None:
    asking = replace(SPEC, tunables=(("dom0_vcpus", 1),))
    with xen.setup(64 << 20, SPEC.devices), xen.boot(asking):
        dom0.instead["vcpus"] = {"error": "dom0's CPU 2 does not go on"}

    assert dom0.told == ["xen1: not undone: vcpus: dom0's CPU 2 does not go on; `pvbench clean xen1` tries again"]


def test_a_host_that_is_gone_is_not_told_to_have_left_something(xen: XenHypervisor, dom0: Dom0) -> None:
    with xen.setup(64 << 20, SPEC.devices), xen.boot(SPEC):
        dom0.gone = True

    assert dom0.told == []
