"""hostside/pvb-bridge: an uplink moved onto a bridge and back, in a network of its own; and by whom it is not moved."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import contracts
from tests.hostside.stepping import StepHost
from tests.marked import HOSTSIDE, marked

pytestmark = pytest.mark.thorough

ASKED = {"name": "xenbr0", "uplink": "up0", "confirm_within_s": 30}
INTERFACES = """\
# mine
auto lo up0
iface lo inet loopback

iface up0 inet static
    address 192.0.2.7/24
    gateway 192.0.2.1
"""
PREPARE = """\
mount -t sysfs sysfs "$1/sys" &&
ip link set lo up && ip link add up0 type veth peer name far && ip link set up0 up && ip link set far up &&
ip addr add 192.0.2.7/24 broadcast + dev up0 && ip addr add 2001:db8::7/64 nodad dev up0 &&
ip route add default via 192.0.2.1 metric 7 dev up0 onlink && ip route add 198.51.100.0/24 via 192.0.2.9 dev up0 &&
ip -6 route add default via 2001:db8::1 && echo ready && exec sleep 1000
"""


class Network:
    """The step program in a network of its own; the other files of the host are made up."""

    def __init__(self, folder: Path, root: Path, inside: list[str]) -> None:
        self.scratch, self.root, self.inside = Path(marked(folder / "s").root), root, inside
        self.interfaces = root / "etc/network/interfaces"

    def ask(self, action: str, **keys: Any) -> Any:
        request = {"action": action, "scratch": str(self.scratch), **keys}
        argv = [*self.inside, HOSTSIDE / "pvb-bridge", "--root", self.root]
        done = subprocess.run(argv, input=json.dumps(request), capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout)
        contracts.check("pvb-bridge", request, answer)
        return answer

    def shows(self) -> str:
        """Return the addresses and routes of all there is."""
        said = ""
        for argv in ("-4 -br addr", "-6 -br addr show scope global", "route", "-6 route show default"):
            said += subprocess.run(
                [*self.inside, "ip", *argv.split()], capture_output=True, text=True, check=True
            ).stdout
        return said

    def wait_until_undone(self) -> None:
        until = time.monotonic() + 20
        while self.ask("status")["bridge"] and time.monotonic() < until:
            time.sleep(0.3)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    root = tmp_path / "host"
    for folder in ("sys", "etc/network", "proc/sys/kernel/random"):
        (root / folder).mkdir(parents=True)
    (root / "etc/network/interfaces").write_text(INTERFACES)
    (root / "proc/sys/kernel/random/boot_id").write_text("first")
    argv = ["unshare", "--net", "--mount", "sh", "-c", PREPARE, "sh", root]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as holder:
        try:
            assert holder.stdout is not None
            if (line := holder.stdout.readline()) != "ready\n":
                pytest.skip(line)
            path = ["env", f"PATH={tmp_path}:{os.environ['PATH']}"]
            yield Network(tmp_path, root, ["nsenter", "-t", str(holder.pid), "--net", "--mount", *path])
        finally:
            holder.kill()


def test_addresses_and_routes_are_moved_in_one_go_and_back(network: Network) -> None:
    before = network.shows()
    looked = network.ask("look", **ASKED)
    assert network.shows() == before
    applied = network.ask("apply", **ASKED)
    during = network.shows()

    assert looked["changes"] == [
        "make the bridge xenbr0 with up0, and move 192.0.2.7/24, 2001:db8::7/64 onto it",
        "have it at every boot, by /etc/network/interfaces",
    ]
    assert applied["state"] == {"bridge": "xenbr0", "uplink": "up0", "managed": "ifupdown"}
    assert "up0" not in during
    for route in ("default via 192.0.2.1 dev xenbr0 metric 7 onlink", "198.51.100.0/24 via 192.0.2.9 dev xenbr0"):
        assert route in during
    assert "default via 2001:db8::1 dev xenbr0" in during
    assert network.interfaces.read_text() == INTERFACES

    assert network.ask("undo")["failures"] == []
    assert network.shows() == before
    assert not (network.scratch / "stack/pvb-bridge.json").exists()


def test_a_bridge_that_nobody_confirms_is_undone_by_itself(network: Network) -> None:
    before = network.shows()
    token = network.ask("apply", **{**ASKED, "confirm_within_s": 5})["token"]
    status = network.ask("status")
    assert (status["pending"], status["bridge"], status["token"]) == (True, "xenbr0", token)
    assert 0 < status["left_s"] <= 5
    network.wait_until_undone()

    assert network.shows() == before
    assert network.ask("confirm", token=token)["error"] == "it was undone already"
    assert network.interfaces.read_text() == INTERFACES


def test_a_confirmed_bridge_stays_is_there_at_every_boot_and_is_not_made_twice(network: Network) -> None:
    before = network.shows()
    token = network.ask("apply", **{**ASKED, "confirm_within_s": 5})["token"]
    assert network.ask("confirm", token=token) == {"confirmed": True}
    text = network.interfaces.read_text()
    again = network.ask("apply", **ASKED)
    time.sleep(6)

    assert network.ask("status") == {"pending": False, "left_s": None, "bridge": "xenbr0", "token": None}
    assert (again["changed"], again["token"]) == ([], None)
    assert again["state"]["managed"] == "ifupdown"
    assert text.splitlines()[:5] == ["# mine", "auto xenbr0", "auto lo", "iface lo inet loopback", ""]
    assert "iface xenbr0 inet static\n    pre-up ip link show dev xenbr0" in text
    assert text.endswith("    address 192.0.2.7/24\n    gateway 192.0.2.1\n\niface up0 inet manual\n")
    assert network.ask("undo")["failures"] == []
    assert (network.shows(), network.interfaces.read_text()) == (before, INTERFACES)


def test_a_bridge_of_somebodys_that_fits_is_left_alone(network: Network) -> None:
    for argv in ("link add br9 type bridge", "link set up0 master br9"):
        subprocess.run([*network.inside, "ip", *argv.split()], check=True)

    assert network.ask("look", **{**ASKED, "name": "br9"})["changes"] == []
    assert network.ask("apply", **{**ASKED, "name": "br9"})["token"] is None
    assert network.ask("look", **ASKED)["error"] == "up0 is on br9 already"


def test_a_batch_that_fails_half_way_leaves_nothing(network: Network, tmp_path: Path) -> None:
    before = network.shows()
    real = "/sbin/ip" if Path("/sbin/ip").exists() else "/usr/sbin/ip"
    once = f"[ -e {tmp_path}/once ] || sed -i '3i link set dev nowhere up' \"$2\"; touch {tmp_path}/once"
    (tmp_path / "ip").write_text(f'#!/bin/sh\ncase "$*" in -batch*) {once};; esac\nexec {real} "$@"\n')
    (tmp_path / "ip").chmod(0o755)
    answer = network.ask("apply", **ASKED)

    assert answer["error"].startswith("the bridge was not made, and all is as it was: ip -batch")
    assert network.shows() == before
    assert not (network.scratch / "stack/pvb-bridge.json").exists()


def test_what_does_not_go_back_keeps_nothing_else_from_it(network: Network) -> None:
    before = network.shows()
    network.ask("confirm", token=network.ask("apply", **ASKED)["token"])
    gone = ["ip", "route", "del", "default", "via", "192.0.2.1", "dev", "xenbr0"]
    subprocess.run([*network.inside, *gone], check=True)
    record = network.scratch / "stack/pvb-bridge.json"
    # A route that the host cannot have any more stands before the one that leads out.
    record.write_text(
        record.read_text().replace('"routes": [', '"routes": [["-4", "203.0.113.0/24", "via", "8.8.8.8"],')
    )

    assert network.ask("undo")["failures"] == []
    assert network.shows() == before


def test_a_confirmation_that_ended_half_way_leaves_no_file_behind(network: Network) -> None:
    before = network.shows()
    more = network.root / "etc/network/interfaces.d/more"
    more.parent.mkdir()
    (network.root / "etc/real").write_text("iface up0 inet6 auto\n")
    more.symlink_to("../../real")  # is refused once the first file is written
    token = network.ask("apply", **{**ASKED, "confirm_within_s": 5})["token"]

    assert network.ask("confirm", token=token)["error"].endswith("/more is no file of settings")
    assert network.interfaces.read_text() != INTERFACES
    network.wait_until_undone()
    assert (network.shows(), network.interfaces.read_text()) == (before, INTERFACES)
    assert not (network.scratch / "stack/pvb-bridge.json").exists()


@pytest.fixture
def host(tmp_path: Path) -> StepHost:
    made = StepHost(tmp_path)
    made.write("/sys/class/net/up0/address", "52:54:00:12:34:56\n")
    made.write("/proc/sys/kernel/random/boot_id", "first\n")
    for name in ("nmcli", "networkctl"):
        made.program(name, "exit 1")
    return made


def on(host: StepHost, master: str) -> None:
    host.write(f"/sys/devices/virtual/net/{master}/address", "")
    (host.root / "sys/class/net/up0/master").symlink_to(host.root / f"sys/devices/virtual/net/{master}")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda host: host.write("/etc/netplan/1.yaml", ""), "is configured by netplan, which pvbench does not change"),
        (lambda host: host.program("nmcli", "echo up0:connected"), "is configured by NetworkManager"),
        (lambda host: host.program("networkctl", "echo '2 up0 ether routable configured'"), "by systemd-networkd"),
        (lambda host: host.write("/etc/sysconfig/network/ifcfg-up0", ""), "is configured by wicked"),
        (lambda host: None, "is configured by nothing that is known here"),
        (lambda host: host.write("/etc/network/interfaces.d/up0", "iface up0 inet dhcp\n"), "has its address by dhcp"),
        (lambda host: on(host, "ovs-system"), "up0 is on Open vSwitch"),
        (lambda host: on(host, "bond0"), "up0 is on bond0 already"),
        (lambda host: host.write("/sys/class/net/up0/wireless/x", ""), "is a wireless interface"),
        (lambda host: host.write("/sys/class/net/xenbr0/address", ""), "there is an interface xenbr0"),
    ],
)
def test_an_uplink_that_others_see_to_is_refused_with_what_to_do(host: StepHost, prepare: Any, said: str) -> None:
    prepare(host)
    for action in ("look", "apply"):
        answer = host.ask("pvb-bridge", action, **ASKED)
        assert said in answer["error"]
        assert answer["hint"]
    assert not host.record("pvb-bridge").exists()


def test_an_interface_that_is_not_there_is_refused_with_those_that_are(host: StepHost) -> None:
    answer = host.ask("pvb-bridge", "look", **{**ASKED, "uplink": "eth9"})

    assert answer == {"error": "there is no interface eth9 here", "hint": "one of up0"}


def test_an_unconfirmed_bridge_that_a_reboot_took_away_is_forgotten(host: StepHost) -> None:
    change = {
        "kind": "bridge",
        "name": "xenbr0",
        "uplink": "up0",
        "confirmed": False,
        "boot_id": "zeroth",
        "until": 1.0,
    }
    host.record("pvb-bridge").parent.mkdir()
    host.record("pvb-bridge").write_text(json.dumps({"changes": [{**change, "token": "aa", "facts": {}}]}))

    assert host.ask("pvb-bridge", "status") == {"pending": False, "left_s": None, "bridge": None, "token": None}
    assert host.ask("pvb-bridge", "undo") == {"undone": [], "failures": []}
