"""The two lines of 2006 converted, and booted by plain `xl create` on a real Xen host; xl itself reads every golden."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pvbench.cli import wiring
from pvbench.cli.app import App, Edges
from pvbench.clock import SystemClock
from pvbench.drivers import DRIVERS
from pvbench.errors import Unreachable
from pvbench.guest import GuestImage
from pvbench.inventory import Host, Inventory
from pvbench.ssh.keys import new_key
from pvbench.transport import Command, Transport

pytestmark = pytest.mark.lab

GOLDEN = Path(__file__).parents[1] / "golden/xen/import"
MACS = ("00:16:3e:20:06:01", "00:16:3e:20:06:02")
FOLDER = "/root/import"
GUEST = f"""\
import os, re
arch = os.uname()[4]
if re.search('64', arch):
    arch_libdir = 'lib64'
else:
    arch_libdir = 'lib'
builder = 'hvm'
name = "posting"
memory = 256
vif = [ 'type=ioemu, mac={MACS[0]}, bridge=xenbr0', 'mac={MACS[1]}, bridge=xenbr0' ]
disk = [ 'file:{FOLDER}/hda.img,ioemu:hda,w', 'file:{FOLDER}/hde.img,hde,w' ]
device_model = '/usr/' + arch_libdir + '/xen/bin/qemu-dm'
sdl = 0
vnc = 0
"""
# What a guest of 2006 did not need: the kernel from outside, and a device model that is quick under emulation.
BESIDE = f"""\
kernel = "{FOLDER}/vmlinuz"
ramdisk = "{FOLDER}/initrd"
vga = "none"
tsc_mode = "native"
device_model_args_hvm = ["-global", "rtl8139.romfile=", "-global", "e1000.romfile="]
"""
PREPARE = f"""
set -e
mkdir -p {FOLDER}; cd {FOLDER}
truncate -s 16M hda.img hde.img; printf 'this is hda' | dd of=hda.img conv=notrunc status=none
printf 'this is hde' | dd of=hde.img conv=notrunc status=none
ip link add xenbr0 type bridge; ip link set xenbr0 up
ip addr add 10.198.20.1/24 dev xenbr0; ip addr add 10.198.21.1/24 dev xenbr0
"""
CLEAN = f"xl destroy posting; ip link del xenbr0; losetup -D; rm -rf {FOLDER}; true"
SEEN = """
for nic in /sys/class/net/*; do
    [ -e $nic/device/driver ] || continue
    read -r mac <$nic/address; driver=$(readlink $nic/device/driver); echo nic ${driver##*/} $mac
done
for disk in /sys/block/*; do
    [ -e $disk/device ] || continue
    name=${disk##*/}; echo disk $name $(head -c 11 /dev/$name)
done
"""


def pvbench(folder: Path, *argv: str, expect: int = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-m", "pvbench", *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def sh(machine: Transport, script: str, timeout_s: float = 300) -> str:
    result = machine.run(Command(("sh", "-c", script), timeout_s=timeout_s))
    assert result.exit_code == 0, (script, result.stdout, result.stderr)
    return result.stdout.decode()


@pytest.fixture(scope="module")
def app() -> App:
    return App(Edges(), ())


@pytest.fixture(scope="module")
def dom0(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transport]:
    """The lab's dom0, with two images and a bridge of 2006."""
    pvbench(tmp_path_factory.mktemp("up"), "lab", "up")
    host, inventory = wiring.resolve_running(app, "lab", Inventory())
    with wiring.connect(app, host, inventory) as transport:
        sh(transport, CLEAN)
        sh(transport, PREPARE)
        try:
            yield transport
        finally:
            sh(transport, CLEAN)


@pytest.fixture(scope="module")
def image(app: App) -> GuestImage:
    return wiring.guest_image(app)


def command_line(key: str) -> str:
    rows = [DRIVERS[name] for name in ("rtl8139", "netfront", "ide", "blkfront")]
    modules = dict.fromkeys(module for row in rows for module in row.modules)
    return (
        "console=hvc0 quiet mitigations=off panic=1 ipv6.disable=1 xen_emul_unplug=unnecessary "
        f"pvb.load={','.join(modules)} pvb.nic=8139cp,{MACS[0]},10.198.20.2/24 pvb.nic=vif,{MACS[1]},10.198.21.2/24 "
        f"pvb.key={key}"
    )


@contextmanager
def reached(dom0: Transport, image: GuestImage, private_key: str, address: str) -> Iterator[Transport]:
    """Yield the way into the guest by a NIC with this address, once it answers."""
    clock = SystemClock()
    deadline = clock.monotonic() + 600
    login = image.login
    while True:
        try:
            with dom0.hop(address, login.port, login.user, private_key, login.host_key, 60) as guest:
                yield guest
                return
        except Unreachable:
            assert clock.monotonic() < deadline, sh(dom0, "xl list; tail -n 5 /var/log/xen/qemu-dm-posting.log")
            clock.sleep(2)


def test_xl_reads_every_configuration_that_was_converted(dom0: Transport) -> None:
    read: Mapping[str, object] = {}
    for path in sorted(GOLDEN.glob("*.expected")):
        dom0.put(path.read_bytes(), f"{FOLDER}/golden.cfg")
        read = json.loads(sh(dom0, f"xl -N create {FOLDER}/golden.cfg"))
        assert {"c_info", "b_info"} <= read.keys(), path.name


@pytest.mark.parametrize(
    ("disk", "reason"),
    [
        (
            "file:{0}/hda.img,ioemu:hda,w', 'file:{0}/hda.img,hde,w",
            "refused by store-as-ide-and-pv: hda (emulated) and xvde",
        ),
        (
            "file:{0}/hda.img,ioemu:hda,w', 'file:{0}/hde.img,hdb,w",
            "refused by pv-disk-on-ide: hdb is meant to be PV alone; xvde is its name then",
        ),
    ],
)
def test_its_forbidden_set_ups_are_refused_with_the_reason(tmp_path: Path, disk: str, reason: str) -> None:
    lines = [line for line in GUEST.splitlines() if not line.startswith("disk")]
    (tmp_path / "posting.cfg").write_text("\n".join([*lines, f"disk = [ '{disk.format(FOLDER)}' ]\n"]))

    refused = pvbench(tmp_path, "import-config", "posting.cfg", expect=2)
    print(refused.stderr)
    assert reason in refused.stderr
    assert refused.stdout == ""


def test_a_loop_device_over_a_disk_s_file_is_found_on_the_host_before_the_domain_is_created(
    app: App, dom0: Transport, image: GuestImage
) -> None:
    """The store in two disks under two names, which no text could tell; what creates domains asks the host."""
    host, _ = wiring.resolve_running(app, "lab", Inventory())
    assert isinstance(host, Host)
    loop = sh(dom0, f"losetup -f --show {FOLDER}/hda.img").strip()
    disks = f'"format=raw,vdev=hda,access=rw,target={loop}","format=raw,vdev=xvde,access=rw,target={FOLDER}/hda.img"'
    config = f'name="pvb-import"\ntype="hvm"\nmemory=64\ndisk=[{disks}]\n'
    hypervisor = wiring.hypervisor(app, dom0, host, image)
    with hypervisor.setup(0, ("netfront",)):
        (program,) = sh(dom0, f"ls -t {host.scratch}/hostside/*/pvb-domain | head -n 1").split()
        request = {"action": "create", "name": "pvb-import", "config": config, "root": host.scratch}
        with dom0.talk((program,)) as domains:
            answer = domains.ask(request, 300)

    print(answer)
    assert answer["error"].startswith(
        f"store-in-two-disks: hda ({loop}) and xvde ({FOLDER}/hda.img) are one backing store"
    )


def test_the_posting_s_example_runs_with_both_halves_of_each_kind_in_use(
    dom0: Transport, image: GuestImage, tmp_path: Path
) -> None:
    assert image.kernel is not None
    private_key, public_key = new_key()
    dom0.put(Path(image.kernel.kernel).read_bytes(), f"{FOLDER}/vmlinuz")
    dom0.put(Path(image.kernel.initrd).read_bytes(), f"{FOLDER}/initrd")
    extra = f'extra = "{command_line(public_key.split()[1])}"\n'
    (tmp_path / "posting.cfg").write_text(GUEST + BESIDE + extra)

    converted = pvbench(tmp_path, "import-config", "posting.cfg")
    dom0.put(converted.stdout.encode(), f"{FOLDER}/posting.cfg")
    print(converted.stdout)
    print(sh(dom0, f"xl create -q {FOLDER}/posting.cfg", timeout_s=600))

    seen = []
    for address in ("10.198.21.2", "10.198.20.2"):  # the PV NIC, then the emulated one
        with reached(dom0, image, private_key, address) as guest:
            seen.append(sh(guest, SEEN))
    domid = sh(dom0, "xl domid posting").strip()
    backend = "/local/domain/0/backend"
    states = sh(
        dom0, f"for node in vif/{domid}/0 vif/{domid}/1 vbd/{domid}/51776; do xenstore-read {backend}/$node/state; done"
    )
    loops = sh(dom0, "losetup -nO BACK-FILE")
    carried = sh(dom0, f"cat /sys/class/net/vif{domid}.0-emu/statistics/rx_bytes")
    print(seen[0], states, loops, carried, sh(dom0, "xl network-list posting; xl block-list posting"))

    assert seen[0] == seen[1]
    assert {f"nic 8139cp {MACS[0]}", f"nic vif {MACS[1]}"} <= set(seen[0].splitlines())
    assert {"disk sda this is hda", "disk xvde this is hde"} <= set(seen[0].splitlines())
    assert int(carried) > 1000
    assert states.split() == ["4", "4", "4"]
    assert {f"{FOLDER}/hda.img", f"{FOLDER}/hde.img"} <= set(loops.split())
