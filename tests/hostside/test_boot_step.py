"""hostside/pvb-boot: an entry of our own, booted once, kept or returned from. GRUB is made up, its scripts are run."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.hostside.stepping import StepHost
from tests.marked import HOSTSIDE

pytestmark = pytest.mark.thorough

XEN, KERNEL = "/boot/xen-4.17-amd64.gz", "6.1.0-30-amd64"
WHICH = {"hypervisor": XEN, "kernel": KERNEL}
ENTRY = "pvbench-xen-4.17-amd64-6.1.0-30-amd64"
OLD = "gnulinux-simple-1234"
PLAIN = """\
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1234' {
\tlinux\t/boot/vmlinuz-6.1.0-30-amd64 root=UUID=1234 ro
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-1234' {
\tmenuentry 'Debian, with Linux 6.1.0-30' --class debian $menuentry_id_option 'gnulinux-6.1.0-30-amd64-advanced-1234' {
\t\tlinux\t/boot/vmlinuz-6.1.0-30-amd64 root=UUID=1234 ro
\t}
\tmenuentry 'Debian, with Linux 6.1.0-29' --class debian $menuentry_id_option 'gnulinux-6.1.0-29-amd64-advanced-1234' {
\t\tlinux\t/boot/vmlinuz-6.1.0-29-amd64 root=UUID=1234 ro
\t}
}
"""
OF_XEN = """\
menuentry 'Debian GNU/Linux, with Xen hypervisor' --class xen $menuentry_id_option 'xen-gnulinux-simple-1234' {
\tsavedefault
\tinsmod ext2
        if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
            xen_rm_opts=
        fi
\tmultiboot2\t/boot/xen-4.20-amd64.gz placeholder dom0_mem=1G ${xen_rm_opts}
\tmodule2\t/boot/vmlinuz-6.1.0-30-amd64 placeholder root=UUID=1234 ro quiet
\tmodule2\t--nounzip   /boot/initrd.img-6.1.0-30-amd64
}
submenu 'Advanced options for Debian GNU/Linux (with Xen hypervisor)' $menuentry_id_option 'gnulinux-advanced-1234' {
\tsubmenu 'Xen hypervisor, version 4.17-amd64' $menuentry_id_option 'xen-hypervisor-4.17-amd64-1234' {
\t\tmenuentry 'Debian, with Xen' --class xen $menuentry_id_option 'xen-gnulinux-6.1.0-30-amd64-recovery-1234' {
\t\t\tmultiboot2\t/boot/xen-4.17-amd64.gz placeholder
\t\t\tmodule2\t/boot/vmlinuz-6.1.0-30-amd64 placeholder root=UUID=1234 ro single
\t\t}
\t\tmenuentry 'Debian, with Xen' --class xen $menuentry_id_option 'xen-gnulinux-6.1.0-30-amd64-advanced-1234' {
\t\t\tsavedefault
\t\t\tmultiboot2\t/boot/xen-4.17-amd64.gz placeholder dom0_mem=1G ${xen_rm_opts}
\t\t\tmodule2\t/boot/vmlinuz-6.1.0-30-amd64 placeholder root=UUID=1234 ro quiet
\t\t\tmodule2\t--nounzip   /boot/initrd.img-6.1.0-30-amd64
\t\t}
\t}
}
"""
# As grub-mkconfig: it reads the settings and puts together what the scripts print. ROOT is the host's.
MKCONFIG = """\
# it reads ROOT/etc/default/grub.d
. ROOT/etc/default/grub
for file in ROOT/etc/default/grub.d/*.cfg; do [ ! -e "$file" ] || . "$file"; done
{ echo "set default=$GRUB_DEFAULT"; cat ROOT/plain
for file in ROOT/etc/grub.d/*; do [ ! -x "$file" ] || sed "s:/boot:ROOT/boot:;s:/etc/:ROOT/etc/:" "$file" | sh; done
} >"$2"
"""
EDITENV = """\
file=$1
case $2 in
create) echo "# GRUB Environment Block" >"$file";;
set) sed -i "/^${3%%=*}=/d" "$file"; echo "$3" >>"$file";;
unset) sed -i "/^$3=/d" "$file";;
esac
"""


@pytest.fixture
def host(tmp_path: Path) -> StepHost:
    made = StepHost(tmp_path)
    made.grub(PLAIN)
    made.write("/plain", PLAIN)
    script = made.write("/etc/grub.d/20_linux_xen", f"#!/bin/sh\ncat <<'EOF'\n{OF_XEN}EOF\n")
    script.chmod(0o755)
    made.program("grub-mkconfig", MKCONFIG.replace("ROOT", str(made.root)))
    made.program("grub-editenv", EDITENV)
    made.write(XEN, "xen")
    made.write("/proc/sys/kernel/random/boot_id", "first\n")
    made.write("/proc/uptime", "100.0 90.0\n")
    made.write("/proc/cmdline", "root=UUID=1234\n")
    (made.root / "run/systemd/system").mkdir(parents=True)
    (made.root / "etc/systemd/system").mkdir(parents=True)
    made.program("systemctl", "")
    return made


def grubenv(host: StepHost) -> dict[str, str]:
    lines = host.text("/boot/grub/grubenv").splitlines()[1:]
    return dict(line.split("=", 1) for line in lines)


def boots(host: StepHost, entry: str = "") -> None:
    """Have the host booted again, by this entry or another, as GRUB does it: next_entry is forgotten first."""
    environment = host.root / "boot/grub/grubenv"
    environment.write_text(
        "".join(f"{line}\n" for line in host.text("/boot/grub/grubenv").splitlines() if "next" not in line)
    )
    host.write("/proc/sys/kernel/random/boot_id", "second\n")
    host.write("/proc/uptime", "10.0 9.0\n")
    host.write("/proc/cmdline", f"root=UUID=1234 pvbench.entry={entry} panic=30\n" if entry else "root=UUID=1234\n")


def test_the_entry_of_ours_is_at_the_top_with_what_debians_lacks(host: StepHost) -> None:
    answer = host.ask("pvb-boot", "apply", **WHICH)

    config = host.text("/boot/grub/grub.cfg")
    body = config[config.index(ENTRY) :].replace(str(host.root), "")
    assert answer["state"]["entry"] == ENTRY
    assert body.splitlines()[1:5] == [
        "\tinsmod gzio",
        "\t\t\tmultiboot2\t/boot/xen-4.17-amd64.gz placeholder dom0_mem=1G ${xen_rm_opts}",
        f"\t\t\tmodule2\t/boot/vmlinuz-{KERNEL} placeholder root=UUID=1234 ro quiet pvbench.entry={ENTRY} panic=30",
        f"\t\t\tmodule2\t--nounzip   /boot/initrd.img-{KERNEL}",
    ]
    assert "savedefault" not in body
    assert "set fallback='0'\n" in config
    assert config.startswith("set default=saved\n")
    assert grubenv(host) == {"saved_entry": OLD}


def test_grub_falls_back_by_a_place_in_the_menu_for_it_knows_no_ids_there(host: StepHost) -> None:
    plain = f"menuentry 'Memory test' {{\n}}\n{PLAIN}"
    host.write("/plain", plain)
    host.write("/boot/grub/grub.cfg", plain)
    host.write("/etc/default/grub", "GRUB_DEFAULT=1\n")

    assert host.ask("pvb-boot", "apply", **WHICH)["state"]["old"] == OLD
    assert "set fallback='1'\n" in host.text("/boot/grub/grub.cfg")


def test_a_second_apply_changes_nothing_and_undo_puts_all_back(host: StepHost) -> None:
    before = host.files()
    looked = host.ask("pvb-boot", "look", **WHICH)
    assert host.files() == before
    first, second = (host.ask("pvb-boot", "apply", **WHICH) for _ in range(2))

    assert looked["changes"] == [
        f"make the boot entry {ENTRY}",
        f"boot {ENTRY} by default, once it has proved to run",
    ]
    assert first["changed"] == [f"made {OLD} what boots by default, by its id", f"made the boot entry {ENTRY}"]
    assert second["changed"] == []
    assert host.ask("pvb-boot", "undo")["failures"] == []
    after = host.files()
    made_anew = after.pop("boot/grub/grub.cfg")[1].decode()
    assert made_anew.startswith("set default=0\n")
    assert "pvbench" not in made_anew
    before.pop("boot/grub/grub.cfg")
    assert after == before


def test_an_entry_on_trial_is_kept_and_nothing_that_leads_back_stays(host: StepHost) -> None:
    host.ask("pvb-boot", "apply", **WHICH)
    armed = host.ask("pvb-boot", "once", **WHICH, return_within_s=300, hang_needs_a_hand=True)["armed"]
    before = host.ask("pvb-boot", "status")
    early = host.ask("pvb-boot", "keep")["error"]
    boots(host, ENTRY)
    during = host.ask("pvb-boot", "status")
    kept = [host.ask("pvb-boot", "keep")["kept"] for _ in range(2)]
    after = host.ask("pvb-boot", "status")

    assert armed[0] == f"the next boot is {ENTRY}, once"
    assert "needs a hand: there is no BMC here" in armed[-1]
    assert (before["next"], before["pending"], before["entry"]) == (ENTRY, True, None)
    assert early == f"what runs is not the entry on trial, {ENTRY}"
    assert during["watchdog"] == {"armed": True, "left_s": 290.0, "kind": "timer of the new system"}
    assert (during["pending"], during["next"], during["entry"]) == (True, None, ENTRY)
    assert kept == [ENTRY, ENTRY]
    assert (after["pending"], after["default"]) == (False, ENTRY)
    assert not (host.root / "usr/local/lib/pvbench").exists()
    assert list((host.root / "etc/systemd/system").iterdir()) == []
    assert host.ask("pvb-boot", "look", **WHICH)["changes"] == []


def test_a_kept_entry_is_given_up_again(host: StepHost) -> None:
    host.ask("pvb-boot", "apply", **WHICH)
    host.ask("pvb-boot", "once", **WHICH, return_within_s=300, hang_needs_a_hand=True)
    boots(host, ENTRY)
    host.ask("pvb-boot", "keep")

    assert host.ask("pvb-boot", "restore") == {"restored": OLD, "reboot": True}
    assert grubenv(host) == {"saved_entry": OLD}


def test_a_grub_cfg_that_is_made_by_half_is_not_the_one_that_is_booted(host: StepHost) -> None:
    (host.root / "boot/grub/grub.cfg").chmod(0o444)
    script = (host.bin / "grub-mkconfig").read_text()
    host.program("grub-mkconfig", ': /etc/default/grub.d; echo half >"$2"; exit 1')
    assert "grub-mkconfig" in host.ask("pvb-boot", "apply", **WHICH)["error"]

    assert host.text("/boot/grub/grub.cfg") == PLAIN
    (host.bin / "grub-mkconfig").write_text(script)
    host.ask("pvb-boot", "apply", **WHICH)
    assert ENTRY in host.text("/boot/grub/grub.cfg")
    assert (host.root / "boot/grub/grub.cfg").stat().st_mode & 0o777 == 0o444
    assert sorted(each.name for each in (host.root / "boot/grub").iterdir()) == ["grub.cfg", "grubenv"]


def test_a_kept_entry_that_is_tried_again_is_not_what_any_reboot_leads_to(host: StepHost) -> None:
    once = {**WHICH, "return_within_s": 300, "hang_needs_a_hand": True}
    host.ask("pvb-boot", "apply", **WHICH)
    host.ask("pvb-boot", "once", **once)
    boots(host, ENTRY)
    host.ask("pvb-boot", "keep")
    host.ask("pvb-boot", "once", **once)

    assert grubenv(host) == {"saved_entry": OLD, "next_entry": ENTRY}


def test_a_keep_that_is_cut_off_leaves_the_old_system_the_next_to_boot(host: StepHost) -> None:
    host.ask("pvb-boot", "apply", **WHICH)
    host.ask("pvb-boot", "once", **WHICH, return_within_s=300, hang_needs_a_hand=True)
    boots(host, ENTRY)
    host.program("grub-editenv", "exit 1")
    host.ask("pvb-boot", "keep")

    assert grubenv(host) == {"saved_entry": OLD}
    assert not (host.root / "usr/local/lib/pvbench/trial.json").exists()


def test_what_leads_back_is_the_kernel_that_runs_not_one_that_came_with_the_stack(host: StepHost) -> None:
    host.write("/proc/sys/kernel/osrelease", "6.1.0-29-amd64\n")
    old = "gnulinux-advanced-1234>gnulinux-6.1.0-29-amd64-advanced-1234"

    assert host.ask("pvb-boot", "look", **WHICH)["state"]["default"] == OLD
    assert host.ask("pvb-boot", "apply", **WHICH)["state"]["old"] == old
    assert grubenv(host) == {"saved_entry": old}


def test_an_apply_that_was_cut_off_leaves_the_old_default_to_the_next_one(host: StepHost) -> None:
    host.program("grub-editenv", "exit 1")
    host.ask("pvb-boot", "apply", **WHICH)
    host.program("grub-editenv", EDITENV)
    host.ask("pvb-boot", "apply", **WHICH)

    assert grubenv(host) == {"saved_entry": OLD}


def test_without_a_watchdog_that_outlives_a_reboot_somebody_must_say_so(host: StepHost) -> None:
    host.ask("pvb-boot", "apply", **WHICH)
    answer = host.ask("pvb-boot", "once", **WHICH, return_within_s=300)

    assert "would need a hand: there is no BMC here" in answer["error"]
    assert "next_entry" not in grubenv(host)
    assert host.ask("pvb-boot", "look", **WHICH)["state"]["watchdog"]["kind"] is None
    host.write("/sys/firmware/dmi/entries/38-0/type", "38")
    assert host.ask("pvb-boot", "look", **WHICH)["state"]["watchdog"]["kind"] == "BMC"


def test_a_host_whose_grub_cannot_forget_an_entry_is_refused(host: StepHost) -> None:
    host.program("grub-probe", '[ "$1" != --target=abstraction ] || echo lvm')

    assert "again and again" in host.ask("pvb-boot", "look", **WHICH)["error"]


def test_before_there_is_a_xen_a_look_says_what_will_be(host: StepHost) -> None:
    (host.root / XEN.lstrip("/")).unlink()

    assert host.ask("pvb-boot", "look", hypervisor=None, kernel=None)["changes"] == [
        "boot Xen by default, once it has proved to run"
    ]
    assert "install the packages" in host.ask("pvb-boot", "apply", hypervisor=None, kernel=None)["hint"]


def test_the_newest_xen_is_taken_where_none_is_named(host: StepHost) -> None:
    for name in ("xen-4.9-amd64.gz", "xen-4.20-amd64.gz", "xen-4.20-amd64.config"):
        host.write(f"/boot/{name}", "xen")

    state = host.ask("pvb-boot", "apply", hypervisor=None, kernel=None)["state"]
    assert state["entry"] == "pvbench-xen-4.20-amd64-6.1.0-30-amd64"
    host.ask("pvb-boot", "use", **WHICH)
    assert "pvbench-xen-4.20-amd64" in host.text("/boot/grub/grub.cfg")


@pytest.mark.parametrize(
    ("default", "entry"),
    [
        ("0", OLD),
        ("Debian GNU/Linux", OLD),
        ("1>1", "gnulinux-advanced-1234>gnulinux-6.1.0-29-amd64-advanced-1234"),
        ("Advanced options for Debian GNU/Linux>0", "gnulinux-advanced-1234>gnulinux-6.1.0-30-amd64-advanced-1234"),
        ("gnulinux-advanced-1234", "gnulinux-advanced-1234>gnulinux-6.1.0-30-amd64-advanced-1234"),
        ("7", None),
    ],
)
def test_the_old_default_is_found_as_grub_finds_it(default: str, entry: str | None) -> None:
    import pvb_grub

    found = pvb_grub.resolve(pvb_grub.entries(PLAIN), default)
    assert (found.id if found else None) == entry


class Bmc:
    """A BMC that notes what it was told."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def load(self) -> None:
        pass

    def arm(self, seconds: float) -> None:
        self.heard.append(seconds)

    def disarm(self) -> None:
        self.heard.append("disarm")


@pytest.mark.parametrize(
    ("running", "state", "confirmed", "outcome", "heard"),
    [
        (ENTRY, "armed", False, "returning", [62.0, 300]),
        (ENTRY, "armed", True, "kept", [62.0]),
        ("", "armed", False, "returned", ["disarm"]),
        ("", "returning", False, "returned", ["disarm"]),
        ("", "returned", False, "nothing is on trial", []),
    ],
)
def test_the_new_system_goes_back_unless_it_is_kept_in_time(
    host: StepHost, tmp_path: Path, running: str, state: str, confirmed: bool, outcome: str, heard: list[object]
) -> None:
    import pvb_return

    folder, bmc = tmp_path / "trial", Bmc()
    folder.mkdir()
    facts = {"entry": ENTRY, "boot_id": "first", "return_within_s": 12, "bmc": True, "state": state}
    (folder / "trial.json").write_text(json.dumps(facts))
    assert pvb_return.watch(str(folder), root=str(host.root), watchdog=bmc) == "nothing is on trial"
    host.write("/boot/grub/grubenv", "# GRUB\n")
    boots(host, running)
    rebooted: list[int] = []
    script = f"echo 20.0 >{host.root}/proc/uptime" if not confirmed else f"rm {folder}/trial.json"
    with subprocess.Popen(["sh", "-c", f"sleep 0.3; {script}"]):
        ended = pvb_return.watch(str(folder), lambda: rebooted.append(1), str(host.root), 0.05, bmc)

    assert (ended, bmc.heard) == (outcome, heard)
    assert bool(rebooted) == (outcome == "returning")


def test_a_disk_that_takes_nothing_any_more_does_not_keep_a_host_from_going_back(
    host: StepHost, tmp_path: Path
) -> None:
    import pvb_return

    facts = {"entry": ENTRY, "boot_id": "first", "return_within_s": 5, "bmc": False, "state": "armed"}
    (tmp_path / "trial.json").write_text(json.dumps(facts))
    (tmp_path / "trial.json.part").mkdir()  # nothing can be written there
    host.write("/boot/grub/grubenv", "# GRUB\n")
    boots(host, ENTRY)
    rebooted: list[int] = []
    pvb_return.watch(str(tmp_path), lambda: rebooted.append(1), str(host.root), 0.05)

    assert rebooted == [1]


def test_the_program_that_leads_back_needs_nothing_but_what_lies_beside_it(tmp_path: Path) -> None:
    for name in ("pvb_return.py", "pvb_bmc.py"):
        (tmp_path / name).write_bytes((HOSTSIDE / name).read_bytes())
    (tmp_path / "pvb_return.py").chmod(0o755)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([tmp_path / "pvb_return.py"], capture_output=True, text=True, check=True, env=environment)

    assert done.stdout == "pvb_return: nothing is on trial\n"
