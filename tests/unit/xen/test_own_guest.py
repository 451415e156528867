"""An image of somebody's own: what the host is asked for, how the guest is entered, and what is left."""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.errors import BootError, GuestKeyMismatch, GuestUnfit, HostKeyMismatch
from pvbench.guest import GuestImage
from pvbench.inventory import Host
from pvbench.model import OwnGuest, Placement
from pvbench.ssh import new_key
from pvbench.ssh.hostkeys import HostKey
from pvbench.testing import FakeClock, FakeTransport
from pvbench.transport import Command, CommandResult
from pvbench.xen import XenHypervisor, dhcp
from pvbench.xen.domain_config import first_nic
from tests.unit.guest.test_boot_rom import ROM
from tests.unit.guest.test_seed import read
from tests.unit.test_disk_image import qcow2
from tests.unit.xen.dom0 import SPEC, Dom0, done

OWN = replace(SPEC, guest="debian.qcow2", devices=("blkfront",), placement=Placement.ISOLATED)


class Entered(Dom0):
    """A host whose guest is somebody's own: programs are put into it first."""

    def guest(self, command: Command) -> CommandResult:
        if command.argv[:2] == ("sh", "-c") and command.stdin:
            return done("/tmp/pvbench.AAAA\n")
        if command.argv[2:3] == ("env",):  # with a mark
            command = replace(command, argv=(*command.argv[:2], *command.argv[4:]))
        self.in_guest.append(command.argv)
        if command.argv[0] != "sudo":
            return super().guest(command)
        inside = command.argv[3:] if "pvb-in" in command.argv[2] else ("true",)
        return super().guest(replace(command, argv=inside))


@pytest.fixture
def guest(tmp_path: Path) -> OwnGuest:
    path = tmp_path / "debian.qcow2"
    path.write_bytes(qcow2())
    return OwnGuest(path.name, path, "qcow2", 8 << 20, b"1234", "debian")


def driven(dom0: Dom0, image: GuestImage, guest: OwnGuest, tmp_path: Path, *, swapped: bool = False) -> XenHypervisor:
    Path(image.boot.rom).write_bytes(ROM)
    tools = tmp_path / "tools.tar"
    tools.write_bytes(b"tar")
    host = Host("xen1", "10.0.0.1", scratch="/s")
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"busybox")
    image = replace(image, tools=str(tools), busybox=str(busybox))
    return XenHypervisor(
        dom0.transport(), host, image, FakeClock(), dom0.told.append, own={guest.name: guest}, swapped=swapped
    )


def created(dom0: Dom0):
    return next(request for what, request in dom0.asked if what == "pvb-domain create")


def test_it_boots_from_an_overlay_with_a_seed_and_runs_everything_as_root(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    dom0 = Entered()
    xen = driven(dom0, image, guest, tmp_path)
    with xen.setup(64 << 20, OWN.devices), xen.boot(OWN) as booted:
        booted.traps()

    request = created(dom0)
    assert request["overlay"]["image"].endswith("/debian.qcow2")
    assert (request["overlay"]["format"], request["overlay"]["bytes"]) == ("qcow2", 8 << 20)
    assert (
        read(base64.b64decode(request["seed"]))["meta-data"]
        == '{"instance-id": "pvb-b01-xen1", "local-hostname": "pvb-b01-xen1"}'
    )
    assert 'serial="file:/s/work-1/boot/pvb-b01-xen1.console"' in request["config"]
    assert "/s/work-1/boot/pvb-b01-xen1.img" in request["config"]
    assert "readonly=on" in request["config"]
    assert "boot_disk" not in request
    assert ("sudo", "-n", "/tmp/pvbench.AAAA/pvb-in", "pvb-traps") in dom0.in_guest


def test_an_image_is_put_on_the_host_once_before_anything_is_made_there(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    class Told(Entered):
        def run(self, command: Command) -> CommandResult:
            if b"/debian.qcow2" in command.stdin:
                self.asked.append(("the image", {}))
            return super().run(command)

    dom0 = Told()
    xen = driven(dom0, image, guest, tmp_path)
    with xen.setup(64 << 20, OWN.devices):
        for _ in range(2):
            with xen.boot(OWN):
                pass

    asked = [what for what, _ in dom0.asked]
    assert asked.count("pvb-domain create") == 2
    assert asked.count("the image") == 1
    assert asked.index("the image") < asked.index("pvb-setup setup")


@pytest.mark.parametrize(("console", "kept"), [("hvc0", "xen"), ("none", "none")])
def test_a_guest_that_prints_elsewhere_has_no_serial_port(
    image: GuestImage, guest: OwnGuest, tmp_path: Path, console: str, kept: str
) -> None:
    dom0 = Entered()
    xen = driven(dom0, image, replace(guest, console=console, looked_at=True), tmp_path)
    with xen.setup(64 << 20, OWN.devices), xen.boot(OWN):
        pass

    request = created(dom0)
    assert request["console"] == kept
    assert "serial" not in request["config"]
    seeded = read(base64.b64decode(request["seed"]))["user-data"]
    assert (">/dev/hvc0" in seeded) == (console == "hvc0")
    assert "ttyS0" not in seeded


def test_a_guest_with_its_own_keys_gets_no_seed(image: GuestImage, guest: OwnGuest, tmp_path: Path) -> None:
    key = tmp_path / "id"
    key.write_text("private")
    dom0, own = Entered(), replace(guest, key=key, host_key="ssh-ed25519 AAAA", user="root")
    xen = driven(dom0, image, own, tmp_path)
    with xen.setup(64 << 20, OWN.devices), xen.boot(OWN):
        pass

    assert "seed" not in created(dom0)
    assert "pvbseed" not in created(dom0)["config"]


class Shows(Entered):
    """A host whose guest shows these consoles, look by look, and is open to SSH; `pinned` are keys."""

    def __init__(self, *consoles: str) -> None:
        super().__init__()
        self.consoles, self.pinned = list(consoles), list[str]()

    def transport(self) -> FakeTransport:
        dom0 = self

        class Pinning(FakeTransport):
            def hop(self, *where: Any, **named: Any) -> Any:
                dom0.pinned.append(where[4])
                return super().hop(*where, **named)

        return Pinning(self.run, name="xen1", answer=self.answer, behind=self.behind)

    def answers(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["action"] != "alive":
            return super().answers(request)
        look = {"alive": True, "log": None, "console": "box login: ", "read": 1 << 20, "port": "open"}
        if not request.get("keys"):
            return look
        return {**look, "keys": self.consoles.pop(0) if len(self.consoles) > 1 else self.consoles[0]}


def of_its_own(guest: OwnGuest, tmp_path: Path) -> OwnGuest:
    key = tmp_path / "id"
    key.write_text("private")
    return replace(guest, key=key, user="root")


def test_a_host_key_is_learnt_from_the_console_before_anything_is_asked_over_the_network(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    _, public = new_key()
    dom0 = Shows("", public[:30] + "\n", f"{public} root@box\n")
    xen = driven(dom0, image, of_its_own(guest, tmp_path), tmp_path)
    with xen.setup(64 << 20, OWN.devices), xen.boot(OWN) as booted:
        told = [command.argv for command in booted.commands if command.where == "guest console"]

    assert dom0.pinned == [" ".join(public.split()[:2])]
    assert told == [("host key:", "ssh-ed25519", HostKey.parse(public).fingerprint)]


def test_a_guest_whose_console_shows_no_key_is_told_how_to_show_it(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    dom0 = Shows("")
    xen = driven(dom0, image, of_its_own(guest, tmp_path), tmp_path)
    with (
        xen.setup(64 << 20, OWN.devices),
        pytest.raises(BootError, match=r"debian\.qcow2.*shows no host key") as caught,
        xen.boot(OWN),
    ):
        pass
    assert "give `host_key`, or let the image print it" in str(caught.value.hint)
    assert "cat /etc/ssh/ssh_host_*_key.pub > /dev/ttyS0" in str(caught.value.hint)
    assert dom0.pinned == []


def test_a_console_that_shows_two_keys_is_trusted_with_none(image: GuestImage, guest: OwnGuest, tmp_path: Path) -> None:
    dom0 = Shows(f"{new_key()[1]}\n{new_key()[1]}\n")
    xen = driven(dom0, image, of_its_own(guest, tmp_path), tmp_path)
    with xen.setup(64 << 20, OWN.devices), pytest.raises(BootError, match="two ssh-ed25519 host keys"), xen.boot(OWN):
        pass
    assert dom0.pinned == []


def test_a_guest_of_another_host_key_is_no_guest_of_ours(image: GuestImage, guest: OwnGuest, tmp_path: Path) -> None:
    class Imposter(Entered):
        def behind(self, address: str) -> FakeTransport:
            raise HostKeyMismatch(f"{address} has another key")

    dom0 = Imposter()
    xen = driven(dom0, image, guest, tmp_path)
    with xen.setup(64 << 20, OWN.devices), pytest.raises(GuestKeyMismatch, match="another host key"), xen.boot(OWN):
        pass
    assert dom0.asked[-2][0] == "pvb-domain destroy"


def test_a_guest_that_ends_says_what_its_console_did(image: GuestImage, guest: OwnGuest, tmp_path: Path) -> None:
    dom0 = Entered()
    dom0.alive = False
    console = "Kernel panic - not syncing: No working init found\r\n"
    dom0.instead["alive"] = {"alive": False, "log": None, "console": console, "read": 1 << 20}
    xen = driven(dom0, image, guest, tmp_path)
    with (
        xen.setup(64 << 20, OWN.devices),
        pytest.raises(BootError, match=r"debian\.qcow2 ended.*No working init"),
        xen.boot(OWN),
    ):
        pass


def test_a_guest_without_a_seed_is_given_its_address_on_our_own_bridge(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    key = tmp_path / "id"
    key.write_text("private")
    dom0, own = Entered(), replace(guest, key=key, host_key="ssh-ed25519 AAAA", user="root")
    xen = driven(dom0, image, own, tmp_path)
    with xen.setup(64 << 20, OWN.devices):
        pass

    servers = next(request for what, request in dom0.asked if what == "pvb-setup setup")["servers"]
    (dhcp,) = [server["argv"] for server in servers if server["name"] == "dhcp"]
    assert dhcp[1:3] == ["udhcpd", "-f"]
    assert (Path(dhcp[0]).name, Path(dhcp[3]).name) == ("busybox", "udhcpd.conf")


def test_nobody_is_given_an_address_on_a_bridge_of_somebody_elses() -> None:
    host = Host("xen1", "10.0.0.1", scratch="/s")

    told = dhcp.configuration(host, first_nic("xen1"))
    assert "interface pvbr0\n" in told
    assert f"static_lease {first_nic('xen1').mac} 198.18.10.2\n" in told
    assert [line.split()[2] for line in told.splitlines() if line.startswith("static_lease")] == [
        "198.18.10.2",
        "198.18.11.2",
        "198.18.12.2",
        "198.18.13.2",
    ]
    with pytest.raises(BootError, match="answers nobody"):
        dhcp.configuration(replace(host, bridge="xenbr0"), first_nic("xen1"))


def test_a_nic_of_the_guest_answers_for_its_own_address_alone(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    spec = replace(OWN, devices=("netfront",))

    class WithNic(Entered):
        def guest(self, command: Command) -> CommandResult:
            answer = super().guest(command)
            if command.argv[-1] == "pvb-run":
                return done(f"look=before,net,eth0,vif,{first_nic('xen1').mac},0,0\n")
            return answer

    dom0 = WithNic()
    xen = driven(dom0, image, guest, tmp_path)
    with xen.setup(64 << 20, spec.devices), xen.boot(spec):
        pass

    given = next(argv for argv in dom0.in_guest if "pvb-address" in argv)
    script = given[given.index("pvb-address") - 1]
    assert script.index("echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore") < script.index("ip addr add")


SIDE_BY_SIDE = replace(OWN, devices=("ide", "blkfront"), placement=Placement.COEXIST)


class Unplugging(Entered):
    """A host whose guest had its emulated disk taken out, or comes late with it."""

    late = False

    def guest(self, command: Command) -> CommandResult:
        answer = super().guest(command)
        if "pvb-kept" in command.argv:
            self.loaded = command.argv[command.argv.index("pvb-kept") + 1 :]
            return done("command_line=root=/dev/vda1 quiet\nboot_files= /boot/extlinux/extlinux.conf\n")
        if command.argv[-1] == "pvb-run" and not (self.late and hasattr(self, "loaded")):
            return done("".join(line + "\n" for line in answer.stdout.decode().splitlines() if "ata_piix" not in line))
        return answer


def test_a_guest_that_keeps_both_is_measured_side_by_side(image: GuestImage, guest: OwnGuest, tmp_path: Path) -> None:
    xen = driven(Entered(), image, guest, tmp_path)
    with xen.setup(64 << 20, SIDE_BY_SIDE.devices), xen.boot(SIDE_BY_SIDE) as booted:
        assert booted.boot_seconds >= 0


def test_the_pv_half_of_an_emulated_nic_bears_another_mac_where_a_guest_keeps_both(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    dom0 = Entered()
    xen = driven(dom0, image, guest, tmp_path)
    both = replace(OWN, devices=("e1000", "netfront"), placement=Placement.COEXIST)
    alone = replace(OWN, devices=("e1000",))
    for spec in (both, alone):
        with xen.setup(64 << 20, spec.devices), suppress(BootError), xen.boot(spec):
            pass

    first, second = (request for what, request in dom0.asked if what == "pvb-domain create")
    (shadow,) = first["shadows"].items()
    macs = [nic["match"]["macaddress"] for nic in seeded(first)]
    assert shadow[0] == "0"
    assert len(macs) == 3
    assert shadow[1] not in macs
    assert "shadows" not in second


def test_in_a_negative_control_a_nic_under_test_has_the_address_of_the_next(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    dom0 = Entered()
    xen = driven(dom0, image, guest, tmp_path, swapped=True)
    both = replace(OWN, devices=("e1000", "netfront"), placement=Placement.COEXIST)
    with xen.setup(64 << 20, both.devices), suppress(BootError), xen.boot(both):
        pass

    (request,) = (request for what, request in dom0.asked if what == "pvb-domain create")
    told = [nic["addresses"] for nic in seeded(request)]
    assert told == [["198.18.11.2/24"], ["198.18.10.2/24"], ["198.18.12.2/24"]]


def seeded(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a seed says of each NIC."""
    told = json.loads(read(base64.b64decode(request["seed"]))["network-config"])
    return list(told["ethernets"].values())


def test_a_guest_that_unplugs_is_refused_before_anything_is_measured(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    dom0 = Unplugging()
    xen = driven(dom0, image, guest, tmp_path)
    with (
        xen.setup(64 << 20, SIDE_BY_SIDE.devices),
        pytest.raises(GuestUnfit, match=r"debian\.qcow2 does not keep emulated and PV devices.*ide is gone") as caught,
        xen.boot(SIDE_BY_SIDE),
    ):
        pass

    assert "APPEND lines of /boot/extlinux/extlinux.conf" in str(caught.value.hint)
    assert "ata_piix" in dom0.loaded
    assert dom0.asked[-2][0] == "pvb-domain destroy"


def test_a_device_whose_driver_nobody_loaded_is_there_once_it_is(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    dom0 = Unplugging()
    dom0.late = True
    xen = driven(dom0, image, guest, tmp_path)
    with xen.setup(64 << 20, SIDE_BY_SIDE.devices), xen.boot(SIDE_BY_SIDE):
        pass
    assert "ata_piix" in dom0.loaded
