"""What two looks at somebody's domain come to: which half of each device it uses, and what its owner should know."""

from collections.abc import Mapping
from typing import Any

import pytest

from pvbench.errors import CommandFailed, UsageError
from pvbench.model import Emulation, GuestMode, IoPath
from pvbench.observed import HalfState, Observed, ObservedDevice, Use
from pvbench.testing import FakeTransport
from pvbench.testing.clock import FakeClock
from pvbench.transport import Command, CommandResult
from pvbench.views.observe import as_data, render
from pvbench.xen.observe import argv, names, observe, observed
from tests import contracts

E1000 = ("-device", "e1000,id=nic0,netdev=net0,mac=00:16:3e:01:02:03")
TAP = ("-netdev", "type=tap,id=net0,ifname=vif4.0-emu,script=no,downscript=no")
IDE = ("-drive", "file=/dev/vg/web,if=ide,index=0,media=disk,format=raw,cache=writeback")
VIF = {"state": "2", "mac": "00:16:3e:01:02:03", "bridge": "xenbr0", "multi-queue-max-queues": "4"}


def nic(front: Mapping[str, str], back: Mapping[str, str] = VIF, *, domid: int = 0) -> dict[str, Any]:
    return {
        "kind": "vif",
        "number": 0,
        "front": dict(front),
        "back": dict(back),
        "backend": {"kind": "vif", "domid": domid},
    }


def disk(number: int, front: str, back: Mapping[str, str], kind: str = "vbd") -> dict[str, Any]:
    return {
        "kind": "vbd",
        "number": number,
        "front": {"state": front},
        "back": dict(back),
        "backend": {"kind": kind, "domid": 0},
    }


LAB = {"sys_vendor": "QEMU", "product_name": "pvbench-lab", "product_version": "software emulation"}


def facts(
    *devices: dict[str, Any],
    words: tuple[str, ...] = (*E1000, *TAP),
    loops: Mapping[str, Any] | None = None,
    vendor: str = "GenuineIntel",
    domain: Mapping[str, str] | None = None,
    taps: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "domain": {"name": "web", "type": "hvm", **(domain or {})},
        "cpus": {"0": "online", "1": "online"},
        "devices": list(devices),
        "model": {"pid": 7, "argv": ["qemu", "-xen-domid", "4", *words], "taps": dict(taps or {})},
        "loops": dict(loops or {}),
        "host": {"vendor": vendor, "xen": "4.17", "dmi": LAB, "processor": None},
    }


def look(
    at: int,
    interfaces: Mapping[str, tuple[int, int]] | None = None,
    vbds: Mapping[str, int] | None = None,
    drives: Mapping[str, int] | None = None,
    devices: tuple[tuple[str, str], ...] = (("nic0", "e1000"),),
    silent: str | None = None,
) -> dict[str, Any]:
    counted = {name: {"bytes": 4096 * ios, "ios": ios} for name, ios in (vbds or {}).items()}
    return {
        "at": at * 1_000_000_000,
        "interfaces": {
            name: {"rx": rx, "tx": tx, "rx_packets": rx // 100, "tx_packets": tx // 100, "master": "xenbr0"}
            for name, (rx, tx) in (interfaces or {}).items()
        },
        "vbds": counted,
        "model": {
            "disks": None if silent else {name: {"bytes": 512 * n, "ios": n} for name, n in (drives or {}).items()},
            "devices": None if silent else [{"name": name, "type": kind} for name, kind in devices],
            "silent": silent,
        },
        "cpu": None,
    }


def seen(told: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> Observed:
    for each in (before, after):
        contracts.check("pvb-observe", {"action": "look", "domid": 4}, {"facts": told, "counted": each})
    return observed("xen1", (4, "web"), told, before, after)


def device(told: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> ObservedDevice:
    (only,) = seen(told, before, after).devices
    return only


def ids(found: Observed) -> list[str]:
    return [warning.id for warning in found.warnings]


def test_a_nic_whose_emulated_half_sends_uses_it_and_its_pv_half_was_not_taken() -> None:
    told = facts(nic({"state": "1"}))

    found = seen(
        told,
        look(0, {"vif4.0": (0, 0), "vif4.0-emu": (0, 100)}),
        look(3, {"vif4.0": (0, 0), "vif4.0-emu": (90_000, 5000)}),
    )

    (only,) = found.devices
    assert (only.use, only.proved) == (Use.EMULATED, True)
    assert ids(found) == ["emulated-nic-in-use"]
    said = render(found)
    assert "uses e1000 (the device model); its PV half was offered and not taken" in said
    assert "94.9 kB over e1000 in 3 s" in said


def test_what_the_host_runs_on_is_told_and_not_guessed_where_it_says_nothing() -> None:
    told = facts()
    silent = told | {"host": told["host"] | {"dmi": dict.fromkeys(LAB)}}

    on = [observed("xen1", (4, "web"), each, look(0), look(7)).emulation for each in (told, silent)]

    assert on == [Emulation.SOFTWARE, None]


def test_a_broadcast_to_both_halves_does_not_make_the_other_one_a_carrier() -> None:
    told = facts(nic({"state": "4"}, {**VIF, "state": "4"}))

    only = device(
        told,
        look(0, {"vif4.0": (0, 0), "vif4.0-emu": (0, 0)}),
        look(3, {"vif4.0": (5000, 70_000), "vif4.0-emu": (0, 60_000)}),
    )

    assert (only.use, only.proved) == (Use.PV, True)


def test_an_idle_nic_that_was_unplugged_uses_its_pv_half_and_that_is_no_proof() -> None:
    told = facts(nic({"state": "4", "request-rx-copy": "1"}, {**VIF, "state": "4"}))
    idle = {"vif4.0": (0, 0), "vif4.0-emu": (0, 0)}

    found = seen(told, look(0, idle, devices=()), look(3, idle, devices=()))

    (only,) = found.devices
    assert (only.use, only.proved) == (Use.PV, False)
    assert "its emulated half (e1000) was unplugged by the guest [the guest sent nothing meanwhile" in render(found)
    assert "queues: 1 of 4, request-rx-copy: 1" in render(found)
    assert ids(found) == ["one-queue"]


def test_a_nic_that_is_there_twice_and_idle_is_not_guessed_at() -> None:
    told = facts(nic({"state": "4"}, {**VIF, "state": "4"}))

    found = seen(told, look(0), look(3))

    assert found.devices[0].use is Use.UNKNOWN
    assert "may use either" in render(found)


def test_a_nic_that_was_unplugged_and_not_taken_is_used_by_nobody() -> None:
    found = seen(facts(nic({"state": "1"})), look(0, devices=()), look(3, devices=()))

    assert found.devices[0].use is Use.NEITHER
    assert ids(found) == ["nic-not-taken"]


def test_a_disk_on_ide_whose_pv_twin_is_unused_is_told() -> None:
    told = facts(disk(768, "1", {"state": "2", "params": "/dev/vg/web"}), words=IDE)

    found = seen(told, look(0, drives={"ide0-hd0": 10}), look(3, drives={"ide0-hd0": 40}))

    (only,) = found.devices
    assert (only.name, only.address, only.use, only.proved) == ("hda", "/dev/vg/web", Use.EMULATED, True)
    assert ids(found) == ["emulated-disk-in-use"]
    assert [half.state for half in only.halves] == [HalfState.THERE, HalfState.OFFERED]


def test_a_disk_whose_drive_the_device_model_has_forgotten_was_unplugged() -> None:
    told = facts(disk(51712, "4", {"state": "4", "params": "/dev/vg/web"}), words=IDE)

    only = device(told, look(0, vbds={"vbd-4-51712": 5}), look(3, vbds={"vbd-4-51712": 25}))

    assert (only.name, only.use, only.proved) == ("xvda", Use.PV, True)
    assert [half.state for half in only.halves] == [HalfState.UNPLUGGED, HalfState.CONNECTED]
    pv = only.half(IoPath.PV)
    assert pv is not None
    assert pv.from_guest is not None
    assert pv.from_guest.ios == 20


def test_a_disk_that_both_drivers_move_is_a_danger() -> None:
    told = facts(disk(51712, "4", {"state": "4"}), words=IDE)

    found = seen(
        told,
        look(0, vbds={"vbd-4-51712": 5}, drives={"ide0-hd0": 1}),
        look(3, vbds={"vbd-4-51712": 25}, drives={"ide0-hd0": 90}),
    )

    assert found.devices[0].use is Use.BOTH
    assert ids(found) == ["both-halves-of-disk-in-use", "one-queue"]
    assert "two drivers on one disk corrupt it" in render(found)


def test_a_file_behind_a_buffered_loop_device_and_qdisk_are_told() -> None:
    told = facts(
        disk(51776, "4", {"state": "4", "physical-device-path": "/dev/loop3", "params": "/root/web.img"}),
        disk(51792, "4", {"state": "4", "dev": "xvdf", "params": "/root/web.qcow2"}, kind="qdisk"),
        words=(),
        loops={"/dev/loop3": {"file": "/root/web.img", "direct": False}},
    )

    found = seen(told, look(0, drives={"xvdf-qcow2": 0}), look(3, drives={"xvdf-qcow2": 9}))

    assert [each.use for each in found.devices] == [Use.PV, Use.PV]
    assert ids(found) == ["qdisk", "one-queue", "one-queue", "loop-buffered"]
    assert "not counted: dom0 has no counters of vbd-4-51776" in render(found)


def test_xcp_ngs_taps_and_tapdisks_are_paired_by_their_numbers() -> None:
    words = ("-machine", "pc-0.10,accel=xen", "-device", "rtl8139,netdev=tapnet0,mac=AA:bb:cc:00:00:01")
    words = (*words, "-netdev", "tap,id=tapnet0,fd=8")
    told = facts(
        nic({"state": "4"}, {"state": "4", "mac": "aa:bb:cc:00:00:01"}),
        disk(51712, "4", {"state": "4"}, kind="vbd3"),
        words=words,
        taps={"8": "tap4.0"},
    )
    told["domain"].pop("type")

    found = seen(
        told,
        look(0, {"vif4.0": (0, 0), "tap4.0": (0, 0)}, {"vbd3-4-51712": 1}, devices=(("device[3]", "piix3-ide"),)),
        look(3, {"vif4.0": (900, 0), "tap4.0": (0, 0)}, {"vbd3-4-51712": 8}, devices=(("device[3]", "piix3-ide"),)),
    )

    assert found.mode is GuestMode.HVM
    assert [(each.use, each.proved) for each in found.devices] == [(Use.PV, True), (Use.PV, True)]
    emulated = found.devices[0].half(IoPath.EMULATED)
    assert emulated is not None
    assert (emulated.counted_as, emulated.state) == ("tap4.0", HalfState.UNPLUGGED)
    assert "tapdisk in dom0" in render(found)


def test_a_backend_in_another_domain_is_said_to_be_there_and_not_counted() -> None:
    told = facts(nic({"state": "4"}, {**VIF, "state": "4"}, domid=2), words=())

    found = seen(told, look(0), look(3))

    assert "netback in domain 2" in render(found)
    assert "not counted: its backend is in domain 2" in render(found)


def test_a_device_model_that_serves_somebody_else_leaves_its_half_unknown() -> None:
    told = facts(nic({"state": "1"}), disk(768, "1", {"state": "2"}), words=(*E1000, *TAP, *IDE))
    busy = "/var/run/xen/qmp-libxl-4 is in use"

    found = seen(told, look(0, silent=busy), look(3, silent=busy))

    assert [each.use for each in found.devices] == [Use.UNKNOWN, Use.UNKNOWN]
    assert busy in found.unknown[0]
    assert f"not counted: {busy}" in render(found)


@pytest.mark.parametrize(
    ("vendor", "domain", "warned"),
    [
        ("AuthenticAMD", {}, True),
        ("AuthenticAMD", {"bar_uncacheable": "1"}, True),
        ("AuthenticAMD", {"bar_uncacheable": "0"}, False),
        ("AuthenticAMD", {"type": "pvh"}, False),
        ("GenuineIntel", {}, False),
    ],
)
def test_grant_frames_are_told_uncacheable_where_they_may_be(vendor: str, domain: dict[str, str], warned: bool) -> None:
    told = facts(nic({"state": "4"}, {**VIF, "state": "4"}), words=(), vendor=vendor, domain=domain)

    assert ("grant-frames-uncacheable" in ids(seen(told, look(0), look(3)))) is warned


def test_halves_that_a_stub_domain_emulates_are_not_said_to_be_missing() -> None:
    told = facts(nic({"state": "1"}), disk(51776, "4", {"state": "4"}))
    told["model"] = None
    looks = [{**look(at, {"vif4.0": (0, 0)}, {"vbd-4-51776": at}), "model": None} for at in (0, 3)]

    found = seen(told, *looks)

    assert [each.use for each in found.devices] == [Use.UNKNOWN, Use.PV]
    said = render(found)
    assert "not counted: its device model does not run in dom0" in said
    assert "disk xvde uses the PV half (vbd, blkback in dom0); it has no emulated half" in said


def test_the_model_that_nobody_chose_is_called_the_usual_one() -> None:
    words = ("-device", "rtl8139,id=nic0,netdev=net0", *TAP)
    idle = look(0, {"vif4.0-emu": (0, 0)})

    (warning,) = seen(facts(nic({"state": "1"}), words=words), idle, look(3, {"vif4.0-emu": (500, 0)})).warnings

    assert "rtl8139, xl's choice where `model` names no other" in warning.sentence


def test_counters_that_began_anew_are_no_traffic() -> None:
    told = facts(nic({"state": "4"}, {**VIF, "state": "4"}), words=())

    only = device(told, look(0, {"vif4.0": (9000, 0)}), look(3, {"vif4.0": (100, 0)}))

    assert (only.use, only.proved) == (Use.PV, False)


def test_json_has_a_verdict_for_each_device_and_null_for_what_is_not_known() -> None:
    data = as_data(seen(facts(nic({"state": "1"})), look(0), look(3)))

    assert data["bill"] is None
    assert data["devices"][0]["verdict"].startswith("uses e1000")
    assert data["devices"][0]["halves"][0]["from_guest"] is None
    assert data["devices"][0]["halves"][1]["settings"]["frontend"] == "initialising"


def test_other_peoples_text_moves_no_cursor() -> None:
    told = facts(nic({"state": "1", "mac": "\x1b[2J"}, {"state": "2", "mac": "\x1b[2J", "bridge": "b\n\x9b"}), words=())

    said = render(observed("xen1", (4, "web\x1b[31m"), told, look(0), look(3)))

    assert "" == "".join(char for char in said if not char.isprintable() and char != "\n")


@pytest.mark.parametrize(
    ("words", "drive", "model", "place"),
    [
        (("-drive", "file=/a,if=ide,index=3,media=disk"), "ide1-hd1", "IDE", 3),
        (("-drive", "file=/a,,b,if=scsi,bus=0,unit=2"), "scsi0-hd2", "SCSI", 2),
        (("-drive", "file=/a,if=none,id=ide-1", "-device", "ide-hd,drive=ide-1,bus=ide.0,unit=1"), "ide-1", "IDE", 1),
        (("-drive", "file=/a,if=none,id=a0", "-device", "ide-hd,bus=ahci0.4,unit=0,drive=a0"), "a0", "AHCI", 4),
        (("-drive", "file=/a,if=none,id=b", "-device", "virtio-blk-pci,drive=b"), "b", "virtio-blk", None),
        (("-drive", "file=/a,if=none,id=b", "-device", '{"driver":"ide-hd","drive":"b","bus":"ide.1"}'), "b", "IDE", 2),
    ],
)
def test_the_disks_of_a_device_model_are_read_however_they_are_spelt(
    words: tuple[str, ...], drive: str, model: str, place: int | None
) -> None:
    (only,) = argv.disks(words)

    assert (only.drive, only.model, only.place) == (drive, model, place)


def test_a_cd_drive_is_no_disk() -> None:
    words = ("-drive", "file=/a.iso,if=ide,index=2,media=cdrom", "-drive", "if=none,id=c", "-device", "ide-cd,drive=c")

    assert argv.disks(words) == []


@pytest.mark.parametrize("name", ["drive", "net", "device"])
def test_a_domain_that_is_called_like_an_option_has_no_disk_more(name: str) -> None:
    words = ("qemu", "-name", name, "-nodefaults", "-device", '{"drive": "x"}', "-device", "drive=y")

    assert (argv.disks(words), argv.nics(words, {})) == ([], [])


def test_the_old_spelling_of_a_nic_is_read() -> None:
    (only,) = argv.nics(("-net", "nic,vlan=0,macaddr=00:16:3E:00:00:01,model=pcnet", "-net", "tap,vlan=0"), {})

    assert (only.model, only.mac) == ("pcnet", "00:16:3e:00:00:01")


@pytest.mark.parametrize(
    ("number", "name"),
    [(768, "hda"), (5696, "hdd"), (2064, "sdb"), (51712, "xvda"), (51952, "xvdp"), (268439552, "xvdq"), (7, "vbd 7")],
)
def test_a_virtual_disk_has_its_name_by_its_number(number: int, name: str) -> None:
    assert names.disk_name(number) == name


class Dom0:
    """A host whose domains are dom0 and some others; what was asked of it, and its clock."""

    def __init__(self, *listed: tuple[int, str]) -> None:
        self.listed = [{"domid": domid, "name": name} for domid, name in ((0, "Domain-0"), *listed)]
        self.asked: list[str] = []
        self.clock = FakeClock()
        self.refuses: dict[str, str] = {}

    def answer(self, program: tuple[str, ...], request: Mapping[str, Any]) -> dict[str, Any]:
        action = str(request["action"])
        self.asked.append(action)
        if action in self.refuses:
            return {"error": self.refuses[action]}
        answers = {
            "load": {},
            "domains": {"domains": self.listed},
            "look": {
                "facts": facts(nic({"state": "1"})),
                "counted": look(3 * self.asked.count("look"), {"vif4.0-emu": (0, 100)}),
            },
        }
        if action != "load":
            contracts.check("pvb-observe", request, answers[action])
        return answers[action]

    def observe(self, domain: str) -> Observed:
        def run(command: Command) -> CommandResult:
            raise AssertionError(f"nothing is run on the host: {command}")

        return observe(FakeTransport(run, name="xen1", answer=self.answer), domain, 3.0, self.clock)


@pytest.mark.parametrize("domain", ["web", "4"])
def test_a_domain_is_found_by_name_and_by_number_and_no_file_is_written(domain: str) -> None:
    dom0 = Dom0((4, "web"), (5, "db"))

    found = dom0.observe(domain)

    assert (found.number, found.name, found.seconds) == (4, "web", 3.0)
    assert dom0.asked == ["load", "domains", "look", "look"]


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("wb", "no domain 'wb' on xen1; did you mean 'web'?"),
        ("77", "no domain '77' on xen1; one of web, twin, twin"),
        ("twin", "xen1 has 2 domains named 'twin': 5, 6"),
        ("0", "dom0 is the host itself"),
        ("Domain-0", "dom0 is the host itself"),
        ("\x1b[2J", r"no domain '\x1b[2J' on xen1"),
    ],
)
def test_what_is_no_domain_to_watch_is_refused_in_a_line(domain: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Dom0((4, "web"), (5, "twin"), (6, "twin")).observe(domain)

    assert said in refused.value.message


def test_a_host_with_dom0_alone_says_so() -> None:
    with pytest.raises(UsageError, match="only dom0 runs there"):
        Dom0().observe("web")


def test_a_domain_that_ends_meanwhile_is_an_error_of_the_host() -> None:
    dom0 = Dom0((4, "web"))
    dom0.refuses["look"] = "domain 4 is gone"

    with pytest.raises(CommandFailed, match="domain 4 is gone"):
        dom0.observe("web")
