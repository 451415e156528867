"""hostside/pvb-audit: what of a host is not as it was, and nothing that changes by itself."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostside.stepping import StepHost

pytestmark = pytest.mark.thorough

PACKAGES = "bash:amd64\\tii \\t5.2\\n"
UUID = "0c1d2e3f-0000-4000-8000-123456789abc"


@pytest.fixture
def host(tmp_path: Path) -> StepHost:
    made = StepHost(tmp_path)
    made.grub()
    made.program("dpkg-query", f'printf "{PACKAGES}"')
    made.program(
        "ip", 'case "$*" in *address*) echo "2: eth0    inet 192.0.2.7/24 brd 192.0.2.255 scope global eth0";; esac'
    )
    made.program("lvs", "echo '  vg|home|1073741824B'")
    made.program("systemctl", "echo 'ssh.service enabled enabled'")
    made.write("/proc/sys/vm/swappiness", "60\n")
    made.write("/proc/sys/kernel/random/uuid", "1\n")
    made.write("/proc/modules", "ext4 1 0 - Live 0x0\n")
    made.write("/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n")
    made.write("/etc/fstab", "/dev/sda1 / ext4\n")
    made.write("/etc/ld.so.cache", "1")
    made.write("/boot/initrd.img-6.1.0-30-amd64", "1")
    made.write("/usr/lib/modules/6.1/kernel/a.ko", "1")
    made.write("/usr/lib/modules/6.1/modules.dep", "1")
    made.write("/var/log/syslog", "1")
    return made


def differences(host: StepHost) -> list[str]:
    found = host.ask("pvb-audit", "compare")["differences"]
    return [f"{each['kind']} {each['name']}: {each['before']} → {each['after']}" for each in found]


def test_a_host_that_nobody_touched_is_as_before(host: StepHost) -> None:
    first, second = (host.ask("pvb-audit", "begin")["kept"] for _ in range(2))

    assert (first, second) == (True, False)
    assert differences(host) == []
    assert host.ask("pvb-audit", "end") == {"removed": True}
    assert not (host.scratch / "stack").exists()


@pytest.mark.skipif(not shutil.which("systemd-tmpfiles"), reason="there is no systemd-tmpfiles here")
def test_what_is_noted_of_a_host_is_not_removed_from_var_tmp_for_its_age(host: StepHost, tmp_path: Path) -> None:
    host.ask("pvb-audit", "begin")
    host.ask("pvb-dom0", "apply", xen_command_line="", kernel_command_line="", xl={})
    (host.scratch / "stack/old").touch()
    for path in host.scratch.rglob("*"):
        os.utime(path, (0, 0))
    (tmp_path / "age.conf").write_text(f"e {host.scratch} - - - am:1d\n")
    argv = ["systemd-tmpfiles", "--clean", tmp_path / "age.conf"]
    subprocess.run(argv, check=True, capture_output=True)

    left = sorted(path.name for path in (host.scratch / "stack").iterdir())
    assert left == ["before.json", "pvb-dom0.json"]


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\ntmpfs SCRATCH tmpfs rw 0 0\n", "SCRATCH is a tmpfs"),
        ("/usr/lib/tmpfiles.d/tmp.conf", "# as Debian 12\nD SCRATCH 1777 root root -\n", "empties SCRATCH"),
    ],
)
def test_a_host_is_not_changed_where_the_record_of_it_would_not_outlive_a_reboot(
    host: StepHost, path: str, text: str, why: str
) -> None:
    folder = str(host.scratch.parent)
    host.write(path, text.replace("SCRATCH", folder))

    assert host.ask("pvb-audit", "begin")["error"].endswith(why.replace("SCRATCH", folder))
    assert host.ask("pvb-audit", "status") == {"kept": False}


def test_what_changes_by_itself_makes_no_difference(host: StepHost) -> None:
    host.ask("pvb-audit", "begin")
    host.write("/proc/sys/kernel/random/uuid", "2\n")
    host.write("/proc/modules", "ext4 1 0 - Live 0x0\nloop 1 0 - Live 0x0\n")
    host.write("/etc/ld.so.cache", "22")
    host.write("/boot/initrd.img-6.1.0-30-amd64", "22")
    host.write("/usr/lib/modules/6.1/modules.dep", "22")
    host.write("/var/log/syslog", "22")

    assert differences(host) == []


CHANGES: dict[str, tuple[Callable[[StepHost], object], str]] = {
    "a package": (
        lambda host: host.program("dpkg-query", f'printf "{PACKAGES}xen-utils-4.17:amd64\\tii \\t4.17.5\\n"'),
        "package xen-utils-4.17:amd64: None → ii 4.17.5",
    ),
    "a package's settings": (
        lambda host: host.program("dpkg-query", f'printf "{PACKAGES}xen-utils-4.17:amd64\\trc \\t4.17.5\\n"'),
        "package xen-utils-4.17:amd64: None → rc 4.17.5",
    ),
    "a sysctl": (lambda host: host.write("/proc/sys/vm/swappiness", "10\n"), "sysctl vm.swappiness: 60 → 10"),
    "a module of Xen's": (
        lambda host: host.write("/proc/modules", "xen_netback 1 0 - Live 0x0\next4 1 0 - Live\n"),
        "module xen_netback: None → loaded",
    ),
    "a bridge": (
        lambda host: [host.write(f"/sys/class/net/xenbr0/{each}", "") for each in ("bridge/id", "brif/eth0/state")],
        "bridge xenbr0: None → eth0",
    ),
    "a file in /boot": (
        lambda host: host.write("/boot/xen-4.17-amd64.gz", "xen"),
        "file /boot/xen-4.17-amd64.gz: None",
    ),
    "a mode": (lambda host: (host.root / "etc/fstab").chmod(0o600), "file /etc/fstab: -rw-r--r-- 0:0"),
    "a loop device": (
        lambda host: host.write("/sys/block/loop0/loop/backing_file", "/var/x.img\n"),
        "loop device loop0: None → /var/x.img",
    ),
    "a volume": (
        lambda host: host.program("lvs", "echo 'vg|home|1B'; echo 'vg|new|2B'"),
        "volume vg/home: 1073741824B → 1B",
    ),
    "a service": (lambda host: host.program("systemctl", ":"), "service ssh.service: enabled → None"),
    "a boot entry": (
        lambda host: host.write(
            "/boot/grub/grub.cfg", "menuentry 'x' $menuentry_id_option 'y' {\n\tlinux /boot/z\n}\n"
        ),
        "boot entry gnulinux-simple-1234: vmlinuz-6.1.0-30-amd64 → None",
    ),
    "what boots by default": (
        lambda host: host.write("/boot/grub/grubenv", "# GRUB\nsaved_entry=xen\n"),
        "setting grubenv saved_entry: None → xen",
    ),
    "a mount": (
        lambda host: host.write("/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/loop0 /mnt ext4 ro 0 0\n"),
        "mount /mnt: None → /dev/loop0 ext4",
    ),
    "a route": (
        lambda host: host.program(
            "ip", 'case "$*" in *-4*route*) echo "default via 192.0.2.1 dev eth0 metric 5";; esac'
        ),
        "route -4 default via 192.0.2.1 dev eth0: None → there",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_left_behind_is_told(host: StepHost, what: str) -> None:
    change, sentence = CHANGES[what]
    host.ask("pvb-audit", "begin")
    change(host)

    assert [line for line in differences(host) if line.startswith(sentence)]


def test_domains_and_what_they_have_in_xenstore_are_compared_where_xen_runs(host: StepHost) -> None:
    host.write("/sys/hypervisor/type", "xen\n")
    host.ask("pvb-audit", "begin")
    host.program("xl", f"echo Name; echo 'vm 3 256 1 -b---- 1.0 {UUID} - -'")
    host.program("xenstore-ls", "echo '/local/domain/0/name = \"Domain-0\"'; echo '/local/domain/3/name = \"vm\"'")

    assert differences(host) == [f"domain vm: None → {UUID}", 'xenstore /local/domain/3/name: None → "vm"']


def test_without_a_snapshot_there_is_nothing_to_compare_with(host: StepHost) -> None:
    assert "nothing was noted" in host.ask("pvb-audit", "compare")["error"]
    before = host.ask("pvb-audit", "snapshot")["snapshot"]
    assert host.ask("pvb-audit", "compare", before=before) == {"differences": []}


def test_each_thing_left_out_says_why() -> None:
    import pvb_snapshot

    for table in (pvb_snapshot.LEFT_OUT, pvb_snapshot.SYSCTLS_LEFT_OUT, pvb_snapshot.BY_NAME):
        assert all(len(why) > 5 for why in table.values())
