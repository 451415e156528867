"""Somebody's things on a real Xen host stay, whatever of pvbench runs, is killed or cleans beside them; ours go."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab

SCRATCH = "/var/tmp/pvbench"
MATRIX = """\
schema: 1
hosts: [host]
devices: {block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 3s, warmup: 1s}
scratch: 64MiB
run: {blocks: 1, seed: 1, traces: 0}
compare: {baseline: {block: ide}}
"""
# Of every kind that pvbench makes, something of somebody else's with a name of ours.
PLANT = f"""
set -e
mkdir -p {SCRATCH}/disks; echo theirs >{SCRATCH}/disks/ide.img
truncate -s 200M /root/vg.img; loop=$(losetup -f --show /root/vg.img)
vgcreate -q vgpvb $loop; lvcreate -qy -n pvb_theirs -L 4M vgpvb
kernel=$(ls /boot/vmlinuz-* | head -n 1)
printf 'name="pvb-foreign"\\ntype="pv"\\nkernel="%s"\\nmemory=200\\n' $kernel >/root/foreign.cfg
xl create -q -p /root/foreign.cfg
ip link add br0 type bridge; ip addr add 10.77.0.1/24 dev br0; ip link set br0 up
"""
LOOK = f"""
cat {SCRATCH}/disks/ide.img; lvs --noheadings -o lv_name vgpvb; losetup --noheadings -O BACK-FILE
xl list | cut -d' ' -f1; ls /sys/class/net; ip -o -4 addr | cut -d' ' -f2-7; ls {SCRATCH} {SCRATCH}/*/ 2>/dev/null
"""
MODELS = """
for domid in $(xl list | awk '/^pvb-b/ {print $2}'); do
    test -d /proc/$(xenstore-read /local/domain/$domid/image/device-model-pid) && echo alive
done
"""
UNPLANT = f"""
xl destroy pvb-foreign; vgremove -qy vgpvb; losetup -D; rm -rf /root/vg.img {SCRATCH}/disks; ip link del br0
"""


def pvbench(folder: Path, *argv: str, expect: int = 0) -> str:
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
    return done.stdout + done.stderr


def dom0(folder: Path, script: str, expect: int = 0) -> str:
    return pvbench(folder, "lab", "ssh", "--", "sh", "-c", script, expect=expect)


def there(folder: Path) -> set[str]:
    return set(dom0(folder, LOOK).splitlines())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose inventory has the lab as somebody's host, with a bridge, a volume group and more of his on it."""
    folder = tmp_path_factory.mktemp("ownership")
    ran = json.loads(pvbench(folder, "lab", "status", "--json"))
    pvbench(folder, "lab", "up")
    host = json.loads(pvbench(folder, "-q", "lab", "up", "--json"))
    (folder / "m.yaml").write_text(MATRIX)
    (folder / "hosts.yaml").write_text(
        "schema: 1\nhosts:\n  host:\n"
        f"    address: 127.0.0.1\n    port: {host['port']}\n    user: root\n    key: {host['key']}\n"
        f"    host_key: {host['host_key']}\n    bridge: br0\n    volume_group: vgpvb\n"
    )
    pvbench(folder, "clean", "host", "--all")
    pvbench(folder, "doctor", "host")  # makes and marks the scratch folder
    dom0(folder, PLANT)
    yield folder
    dom0(folder, UNPLANT)
    if not ran["running"]:
        pvbench(folder, "lab", "down")


def theirs(found: set[str]) -> set[str]:
    """Return what is somebody else's of what was found."""
    return {line for line in found if re.search(r"theirs|vg\.img|foreign|^br0|10\.77", line)}


def test_a_run_and_clean_beside_somebodys_things_leave_them_as_they_are(here: Path) -> None:
    before = there(here)
    pvbench(here, "run", "m.yaml")
    after = there(here)
    said = pvbench(here, "clean", "host")

    assert theirs(before) == theirs(after) == theirs(there(here))
    assert len(theirs(before)) >= 5, before
    for what in ("domain pvb-foreign: ", "volume vgpvb/pvb_theirs: ", f"file {SCRATCH}/disks/ide.img: "):
        assert f"left alone {what}" in said
    assert "removed\t" not in said


def test_a_killed_run_and_killed_programs_leave_only_what_clean_knows_as_ours(here: Path) -> None:
    before = there(here)
    with subprocess.Popen(
        [sys.executable, "-m", "pvbench", "run", "m.yaml"],
        cwd=here,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "trial 1 of 2" in line:
                dom0(here, "pkill -9 -f '[h]ostside/.*/pvb-(domain|setup)'")
                os.kill(running.pid, signal.SIGKILL)
                break
    # The domain lives on with its device model, for neither was of the programs that were killed.
    assert "alive" in dom0(here, MODELS)
    time.sleep(5)  # the lease goes with the connection
    said = pvbench(here, "clean", "host")

    for kind in ("domain", "volume", "address", "server"):
        assert f"removed\t{kind}" in said, said
    assert "could not remove" not in said
    assert theirs(there(here)) == theirs(before)
    assert "nothing is left" in pvbench(here, "clean", "host")
    assert "198.18" not in dom0(here, "ip -4 addr")


def test_somebodys_volume_of_our_name_stops_the_set_up_with_how_to_mend_it(here: Path) -> None:
    dom0(here, "lvcreate -qy -n pvb_ide -L 4M vgpvb")
    said = pvbench(here, "run", "m.yaml", expect=3)

    assert "there is a volume vgpvb/pvb_ide already, and pvbench did not make it" in said
    assert "pvb_ide" in dom0(here, "lvs --noheadings -o lv_name vgpvb; lvremove -qy vgpvb/pvb_ide")


def test_clean_all_leaves_nothing_of_ours_and_all_of_theirs(here: Path) -> None:
    before = theirs(there(here))
    said = pvbench(here, "clean", "host", "--all")

    assert f"left alone folder {SCRATCH}: " in said
    assert theirs(there(here)) == before
    dom0(here, f"rm -r {SCRATCH}/disks")
    said = pvbench(here, "clean", "host", "--all")
    assert f"removed\tfolder\t{SCRATCH}" in said
    assert dom0(here, f"ls -d {SCRATCH} 2>&1 || true").count("No such file")
