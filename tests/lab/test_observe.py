"""A domain made by hand on a real Xen host is watched: both halves named rightly, in seconds, and nothing is left."""

import importlib.machinery
import importlib.util
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvbench import ssh
from pvbench.cli.wiring import cache_folder
from pvbench.errors import Unreachable
from pvbench.guest import builtin
from pvbench.hypervisor import GuestSpec
from pvbench.inventory import Host
from pvbench.lab.machine import default_name
from pvbench.model import Placement
from pvbench.transport import Command, Transport
from pvbench.xen import domain_config

pytestmark = pytest.mark.lab

HOSTSIDE = Path(__file__).parents[2] / "hostside"
SECONDS = 12.0
SPEC = GuestSpec("by-hand", ("e1000", "blkfront"), Placement.COEXIST, 256 << 20, 1, 64 << 20)
"""The emulated NIC's module and the PV disk's, and nothing unplugged: the NIC's PV half is offered for nothing."""
NAME = "web1"
CONFIG = """\
name = "{name}"
type = "hvm"
memory = 256
vcpus = 1
boot = "n"
vga = "none"
vnc = 0
usb = 0
{tsc}
vif = ["type=ioemu,model=e1000,mac={mac},bridge=br0"]
disk = ["format=raw,vdev=xvde,access=rw,target=/root/web1.data"]
device_model_args_hvm = ["-global", "e1000.romfile=", "-drive",
  "file=/root/web1.img,if=none,id=boot,format=raw,readonly=on", "-device", "virtio-blk-pci,drive=boot",
  "-device", "pci-testdev,romfile=/root/boot.rom"]
"""
PREPARE = """
ip link add br0 type bridge; ip addr add 198.18.10.1/24 dev br0; ip link set br0 up
truncate -s 64M /root/web1.data
xl create -q /root/web1.cfg
"""
UNDO = "xl destroy web1; ip link del br0; rm -f /root/web1.* /root/boot.rom"
LOOK = """
xl list | cut -d' ' -f1; ls -d /var/tmp/* /tmp/* /run/pvbench* /root/* /run/xen/* 2>/dev/null
ls /sys/class/net; lsmod | cut -d' ' -f1; ps -eo args= | grep -E 'python|pvb' | grep -v grep
"""


@dataclass(frozen=True)
class ByHand:
    """The domain, its dom0, and the way into it, for its traffic alone."""

    dom0: Transport
    guest: Transport

    def sh(self, script: str) -> str:
        return self.dom0.run(Command(("sh", "-c", script), timeout_s=120)).stdout.decode()


def pvbench(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pvbench", *argv],
        capture_output=True,
        text=True,
        timeout=900,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def filled(template: bytes, append: str, folder: Path) -> bytes:
    """Return a boot disk with a kernel command line, as pvb-domain makes it."""
    loader = importlib.machinery.SourceFileLoader("pvb_domain", str(HOSTSIDE / "pvb-domain"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.append(str(HOSTSIDE))
    loader.exec_module(module)
    (folder / "template").write_bytes(template)
    module.boot_disk(str(folder / "template"), append, str(folder / "disk"))
    return (folder / "disk").read_bytes()


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    folder = tmp_path_factory.mktemp("observe")
    was_up = json.loads(pvbench("lab", "status", "--json").stdout)["running"]
    said = pvbench("-q", "lab", "up", "--json")
    assert said.returncode == 0, said.stderr
    lab = json.loads(said.stdout)
    image = builtin.build(cache_folder(), print, None)
    private, public = ssh.new_key()
    host = Host(
        default_name(), address="127.0.0.1", port=lab["port"], user="root", key=lab["key"], host_key=lab["host_key"]
    )
    (nic,) = domain_config.nics(SPEC, "observe")
    append = domain_config.command_line(SPEC, (nic,), public.split()[1], swapped=False)
    with ExitStack() as stack:
        dom0 = stack.enter_context(ssh.connect(host))
        stack.callback(dom0.run, Command(("sh", "-c", UNDO), timeout_s=120))
        dom0.put(filled(Path(image.boot.disk).read_bytes(), append, folder), "/root/web1.img")
        dom0.put(Path(image.boot.rom).read_bytes(), "/root/boot.rom")
        config = CONFIG.format(name=NAME, mac=nic.mac, tsc='tsc_mode = "native"')
        dom0.put(config.encode(), "/root/web1.cfg")
        made = dom0.run(Command(("sh", "-ec", PREPARE), timeout_s=300))
        assert made.exit_code == 0, made.stderr.decode()
        login = (nic.guest_address, image.login.port, image.login.user, private, image.login.host_key, 20.0)
        guest = stack.enter_context(reached(dom0, login))
        yield ByHand(dom0, guest)
    if not was_up:
        pvbench("lab", "down")


@contextmanager
def reached(dom0: Transport, login: tuple[str, int, str, str, str, float]) -> Iterator[Transport]:
    """Yield the way into the guest once it answers."""
    deadline = time.monotonic() + 240
    with ExitStack() as stack:
        while True:
            try:
                guest = stack.enter_context(dom0.hop(*login))
                break
            except Unreachable:
                assert time.monotonic() < deadline, "the domain made by hand does not answer"
                time.sleep(2)
        yield guest


@contextmanager
def traffic(made: ByHand) -> Iterator[None]:
    """Let the guest send over its NIC and read from its disk while something is done."""
    script = (
        "iperf3 -c 198.18.10.1 -t 30 & fio --name=r --filename=/dev/xvde --rw=randread --bs=4k --direct=1 --time_based"
        " --runtime=30; wait"
    )
    made.sh("iperf3 -s -1 -D")
    running = threading.Thread(target=lambda: made.guest.run(Command(("sh", "-c", script), timeout_s=200)), daemon=True)
    running.start()
    time.sleep(5)
    yield
    assert running.is_alive(), "the traffic ended before it was watched"
    running.join()
    made.sh("pkill iperf3")


def test_both_halves_are_named_rightly_while_traffic_runs_and_nothing_is_left(by_hand: ByHand) -> None:
    before = by_hand.sh(LOOK)
    with traffic(by_hand):
        begun = time.monotonic()
        said = pvbench("observe", "lab", NAME, "--json")
        took = time.monotonic() - begun
        in_words = pvbench("observe", "lab", NAME)
    after = by_hand.sh(LOOK)

    print(f"{took:.1f} s\n{in_words.stdout}{in_words.stderr}")
    assert said.returncode == 0, said.stderr
    seen = json.loads(said.stdout)
    nic, disk, *_ = seen["devices"]  # last the one it boots from, which no vbd is behind
    assert (nic["use"], nic["proved"]) == ("emulated", True), nic
    assert nic["verdict"].startswith("uses e1000 (the device model); its PV half was offered and not taken"), nic
    assert (disk["name"], disk["use"], disk["proved"]) == ("xvde", "pv", True), disk
    assert {warning["id"] for warning in seen["warnings"]} >= {"emulated-nic-in-use", "loop-buffered"}
    assert seen["bill"]["paid_s"]["device model"] > 0
    assert took < SECONDS
    assert after == before


def test_a_domain_that_is_not_there_is_a_line_with_the_nearest(by_hand: ByHand) -> None:
    said = pvbench("observe", "lab", "web")

    assert said.returncode == 2
    assert "pvbench: no domain 'web' on lab; did you mean 'web1'?" in said.stderr.splitlines()


def test_dom0_is_refused(by_hand: ByHand) -> None:
    said = pvbench("observe", "lab", "Domain-0")

    assert said.returncode == 2
    assert "dom0 is the host itself" in said.stderr
