"""pvb_platform over the files of other people's dom0s."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvbench.views.doctor import checkup_of, render
from pvbench.xen.facts import check_of
from tests import contracts
from tests.hostside.test_programs import fake, program
from tests.rooted import Root

__all__ = ["fake"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    return Root(tmp_path / "root", monkeypatch)


@pytest.fixture
def tools(tmp_path: Path, fake: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have these tools on PATH and no others, as (name, script)."""

    def have(*those: tuple[str, str]) -> None:
        for name, script in those:
            fake(name, script)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    return have


def look() -> Any:
    return program("pvb_platform.py").look()


def test_xcp_ng_is_known_by_xapi_with_backends_that_no_list_of_modules_has(root: Root, tools: Any) -> None:
    root.write(
        "/etc/os-release", 'NAME="XCP-ng"\nID="xenenterprise"\nID_LIKE="centos rhel fedora"\nVERSION_ID="8.3.0"\n'
    )
    root.write("/etc/xensource-inventory", "PRODUCT_BRAND='XCP-ng'\n")
    root.write("/sys/bus/xen-backend/drivers/vif/uevent", "")
    root.write("/sys/bus/xen-backend/drivers/vbd/uevent", "")
    root.write("/proc/901/comm", "oxenstored\n")
    root.write("/run/systemd/system/x", "")
    tools(("xl", ""), ("yum", ""), ("ovs-vsctl", "echo xapi0; echo xenbr0"))

    seen = look()

    assert (seen["id"], seen["like"], seen["version"]) == ("xenenterprise", ["centos", "rhel", "fedora"], "8.3.0")
    assert (seen["toolstack"], seen["packages"], seen["xenstored"]) == ("xapi", "yum", "oxenstored")
    assert seen["backends"] == {"vbd": "built in", "vif": "built in"}
    assert seen["bridges"] == {"xapi0": "openvswitch", "xenbr0": "openvswitch"}
    assert seen["init"] == "systemd"


XL_INFO = """\
cat <<END
host                   : xcp1
release                : 4.19.0+1
nr_cpus                : 16
virt_caps              : pv hvm hvm_directio pv_directio hap shadow
total_memory           : 32705
xen_version            : 4.17.5-15
xen_scheduler          : credit
xen_commandline        : dom0_mem=2640M,max:2640M watchdog ucode=scan dom0_max_vcpus=1-16
END
"""


def test_the_whole_probe_of_an_xcp_ng_host_refuses_guests_and_offers_to_observe(
    root: Root, tools: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root.write("/etc/os-release", 'ID="xenenterprise"\nVERSION_ID="8.3.0"\nPRETTY_NAME="XCP-ng 8.3.0"\n')
    root.write("/etc/xensource-inventory", "PRODUCT_BRAND='XCP-ng'\n")
    root.write("/sys/bus/xen-backend/drivers/vif/uevent", "")
    tools(("xl", XL_INFO), ("yum", ""), ("ip", ""), ("losetup", ""), ("xenstore-read", ""))
    monkeypatch.setattr(
        "sys.stdin", io.StringIO('{"servers": {"iperf3": {"package": "iperf3", "version": ["iperf3"]}}}')
    )
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/bin")

    program("pvb-probe").main()

    answer = json.loads(capsys.readouterr().out)
    contracts.check("pvb-probe", {}, answer)
    check = check_of("xcp1", answer)
    assert check.facts is not None
    assert check.facts.hypervisor == "Xen 4.17.5-15"
    assert dict(check.facts.details)["scheduler"] == "credit"
    assert check.lacks[0][0].startswith("no guests of ours on XCP-ng or XenServer: xapi owns the domains")
    assert ("this kernel has no backend of vbd", "boot one with xen_blkback") in check.lacks
    assert [each.standing for each in check.abilities] == ["untried", "refused", "refused", "refused"]
    assert "Xen 4.17" in render(checkup_of("xcp1", check))


def test_alpine_has_no_systemd_and_the_losetup_of_busybox(root: Root, tools: Any, tmp_path: Path) -> None:
    root.write("/etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")
    root.write("/run/openrc/softlevel", "default\n")
    release = os.uname().release
    root.write(f"/lib/modules/{release}/modules.dep", "kernel/drivers/net/xen-netback/xen-netback.ko.gz:\n")
    root.write(f"/lib/modules/{release}/modules.builtin", "kernel/drivers/block/xen-blkback/xen-blkback.ko\n")
    root.write("/sys/class/net/br0/bridge/bridge_id", "8000\n")
    tools(("busybox", ""), ("apk", ""), ("xl", ""))
    (tmp_path / "bin/losetup").symlink_to("busybox")

    seen = look()

    assert (seen["init"], seen["packages"], seen["losetup"], seen["toolstack"]) == ("openrc", "apk", "busybox", "xl")
    assert seen["backends"] == {"vbd": "built in", "vif": "loadable"}
    assert seen["bridges"] == {"br0": "bridge"}


def test_what_may_keep_a_device_model_from_a_file_is_told(root: Root, tools: Any) -> None:
    root.write("/etc/os-release", "ID=fedora\nVERSION_ID=41\n")
    root.write("/sys/fs/selinux/enforce", "1")
    root.write("/sys/module/apparmor/parameters/enabled", "Y\n")
    root.write("/sys/module/xen_netback/initstate", "live\n")
    tools(("dnf", ""))

    seen = look()

    assert seen["security"] == ["SELinux, enforcing", "AppArmor"]
    assert seen["backends"] == {"vbd": None, "vif": "module"}
    assert (seen["packages"], seen["toolstack"], seen["losetup"]) == ("dnf", None, None)


@pytest.mark.parametrize(
    ("manager", "lack", "mend"),
    [
        ("apt-get", "xl", "apt-get install xen-system-amd64"),
        ("dnf", "ip", "dnf install iproute"),
        ("apk", "losetup", "apk add losetup"),
        ("zypper", "iperf3", "zypper install iperf3"),
        ("pacman", "xl", "install the package of this system that has xl"),
        (None, "iperf3", "install the package of this system that has iperf3"),
    ],
)
def test_what_is_missing_is_mended_by_the_systems_own_manager(manager: str | None, lack: str, mend: str) -> None:
    package = "iperf3" if lack == "iperf3" else None

    assert program("pvb-probe").mend(lack, package, manager) == mend


def test_a_busybox_losetup_and_a_kernel_without_backends_stop_a_host() -> None:
    platform = {"packages": "apk", "losetup": "busybox", "backends": {"vif": None, "vbd": "module"}}
    lacks = program("pvb-probe").missing({"virt_caps": "hvm"}, {}, platform)

    assert {"what": "losetup is busybox's", "mend": "apk add losetup"} in lacks
    assert {"what": "this kernel has no backend of vif", "mend": "boot one with xen_netback"} in lacks


def test_a_switch_that_does_not_answer_hides_no_bridge(root: Root, tools: Any) -> None:
    root.write("/sys/class/net/br0/bridge/bridge_id", "8000\n")
    tools(("ovs-vsctl", "echo 'ovs-vsctl: no database' >&2; exit 1"))

    assert look()["bridges"] == {"br0": "bridge"}
