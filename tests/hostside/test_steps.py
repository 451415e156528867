"""The steps that put a stack onto a host: looked at before, applied once, undone byte for byte."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.hostside.stepping import StepHost

pytestmark = pytest.mark.thorough

MODULES = ["xen-netback", "xen-blkback", "xen-evtchn"]
DOM0 = {
    "xen_command_line": "dom0_mem=1G,max:1G dom0_max_vcpus=1",
    "kernel_command_line": "",
    "xl": {"autoballoon": "off"},
}


@pytest.fixture
def host(tmp_path: Path) -> StepHost:
    return StepHost(tmp_path)


@pytest.fixture
def on_xen(host: StepHost) -> StepHost:
    """A dom0 that has one backend built in, one loaded and one to be loaded."""
    host.write("/sys/hypervisor/type", "xen\n")
    host.write("/sys/module/xen_netback/refcnt", "0")
    host.write("/lib/modules/6.1.0-30-amd64/modules.builtin", "kernel/drivers/xen/xen-evtchn.ko\n")
    dep = "kernel/drivers/net/xen-netback.ko:\nkernel/drivers/block/xen-blkback.ko.xz: kernel/lib/x.ko\n"
    host.write("/lib/modules/6.1.0-30-amd64/modules.dep", dep)
    host.write("/proc/modules", "xen_netback 1 0 - Live 0x0\n")
    (host.root / "etc/modules-load.d").mkdir(parents=True)
    module = f'mkdir -p {host.root}/sys/module/xen_blkback; echo "xen_blkback 1 0 - Live" >>{host.root}/proc/modules'
    host.program("modprobe", f'[ "$1" = -r ] || {{ {module}; }}')
    return host


def test_backends_are_loaded_once_and_at_every_boot(on_xen: StepHost) -> None:
    before = on_xen.ask("pvb-modules", "look", modules=MODULES)
    first, second = (on_xen.ask("pvb-modules", "apply", modules=MODULES) for _ in range(2))

    assert before["changes"] == ["load xen-blkback", "load them at every boot, by /etc/modules-load.d/pvbench.conf"]
    assert first["changed"] == ["loaded xen-blkback", "wrote /etc/modules-load.d/pvbench.conf"]
    assert second["changed"] == []
    assert second["state"] == {"loaded": ["xen-netback", "xen-blkback"], "built in": ["xen-evtchn"], "missing": []}
    assert on_xen.text("/etc/modules-load.d/pvbench.conf").splitlines()[1:] == ["xen-netback", "xen-blkback"]


def test_only_what_was_loaded_for_us_is_unloaded(on_xen: StepHost) -> None:
    on_xen.ask("pvb-modules", "apply", modules=MODULES)
    answer = on_xen.ask("pvb-modules", "undo")

    assert answer == {"undone": ["removed /etc/modules-load.d/pvbench.conf", "unloaded xen-blkback"], "failures": []}
    assert on_xen.called("modprobe") == ["modprobe xen-blkback", "modprobe -r xen-blkback"]
    assert not on_xen.record("pvb-modules").exists()
    assert on_xen.ask("pvb-modules", "undo") == {"undone": [], "failures": []}


def test_a_module_in_use_stays_in_the_record_and_the_rest_is_undone(on_xen: StepHost) -> None:
    on_xen.ask("pvb-modules", "apply", modules=MODULES)
    on_xen.program("modprobe", "echo 'modprobe: FATAL: Module xen_blkback is in use.' >&2; exit 1")
    answer = on_xen.ask("pvb-modules", "undo")

    assert answer["undone"] == ["removed /etc/modules-load.d/pvbench.conf"]
    assert answer["failures"] == ["xen-blkback was not unloaded: modprobe: FATAL: Module xen_blkback is in use."]
    assert [each["kind"] for each in json.loads(on_xen.record("pvb-modules").read_text())["changes"]] == ["module"]


def test_a_change_is_on_record_before_it_is_made(on_xen: StepHost) -> None:
    on_xen.program("modprobe", f"cp {on_xen.record('pvb-modules')} {on_xen.root}/seen; exit 1")
    answer = on_xen.ask("pvb-modules", "apply", modules=MODULES)

    assert answer["error"].startswith("modprobe xen-blkback")
    assert json.loads(on_xen.text("/seen"))["changes"] == [{"kind": "module", "name": "xen-blkback"}]


def test_backends_are_not_loaded_into_a_kernel_without_xen(host: StepHost) -> None:
    assert "does not run on Xen" in host.ask("pvb-modules", "apply", modules=MODULES)["error"]


def test_without_a_folder_for_it_modules_are_named_in_etc_modules_and_it_comes_back(on_xen: StepHost) -> None:
    (on_xen.root / "etc/modules-load.d").rmdir()
    on_xen.write("/etc/modules", "# mine\nxen_netback")
    on_xen.ask("pvb-modules", "apply", modules=["xen-netback"])
    assert on_xen.text("/etc/modules") == "# mine\nxen_netback"
    on_xen.ask("pvb-modules", "apply", modules=MODULES)
    on_xen.ask("pvb-modules", "undo")

    assert on_xen.text("/etc/modules") == "# mine\nxen_netback"


@pytest.fixture
def debian(host: StepHost) -> StepHost:
    host.grub()
    host.write(
        "/etc/xen/xl.conf", '# a comment\n#autoballoon="auto"\nautoballoon = "auto"\nvif.default.bridge="br"\n'
    ).chmod(0o640)
    return host


def test_dom0_is_set_once_and_put_back_byte_for_byte(debian: StepHost) -> None:
    before = debian.files()
    looked = debian.ask("pvb-dom0", "look", **DOM0)
    assert debian.files() == before
    first, second = (debian.ask("pvb-dom0", "apply", **DOM0) for _ in range(2))

    assert looked["changes"] == [
        "set Xen's command line to 'dom0_mem=1G,max:1G dom0_max_vcpus=1'",
        'set autoballoon="off" in /etc/xen/xl.conf',
    ]
    assert len(first["changed"]) == 2
    assert second["changed"] == []
    assert second["state"] == {
        "xen_command_line": "dom0_mem=1G,max:1G dom0_max_vcpus=1",
        "kernel_command_line": None,
        "xl": {"autoballoon": "off"},
    }
    assert debian.text("/etc/xen/xl.conf").splitlines()[2:] == ['autoballoon="off"', 'vif.default.bridge="br"']
    assert len(debian.called("grub-mkconfig")) == 1

    assert debian.ask("pvb-dom0", "undo")["failures"] == []
    assert debian.files() == before
    assert not (debian.root / "etc/default/grub.d").exists()


def test_a_second_deployment_keeps_what_was_there_before_the_first(debian: StepHost) -> None:
    before = debian.files()
    debian.ask("pvb-dom0", "apply", **DOM0)
    debian.ask("pvb-dom0", "apply", **{**DOM0, "xl": {"autoballoon": "on"}, "kernel_command_line": "nomodeset"})
    text = debian.text("/etc/default/grub.d/zz-pvbench-dom0.cfg")
    assert '"${GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT:-$GRUB_CMDLINE_LINUX_DEFAULT} nomodeset"' in text
    debian.ask("pvb-dom0", "undo")

    assert debian.files() == before


def test_a_file_that_somebody_changed_since_is_left_and_told(debian: StepHost) -> None:
    debian.ask("pvb-dom0", "apply", **DOM0)
    debian.write("/etc/xen/xl.conf", "theirs\n")
    answer = debian.ask("pvb-dom0", "undo")

    assert answer["failures"] == ["/etc/xen/xl.conf was changed by somebody after pvbench wrote it: left as it is"]
    assert debian.text("/etc/xen/xl.conf") == "theirs\n"
    assert debian.record("pvb-dom0").exists()


@pytest.mark.parametrize("words", ["a;reboot", "$(id)", "it's", "a\nb", 'quo"te'])
def test_nothing_that_grub_or_a_shell_takes_apart_is_written(debian: StepHost, words: str) -> None:
    assert "take apart" in debian.ask("pvb-dom0", "apply", **{**DOM0, "xen_command_line": words})["error"]
    assert not debian.record("pvb-dom0").exists()


def test_a_host_without_grub_is_refused_by_a_sentence(host: StepHost) -> None:
    (host.bin / "grub-mkconfig").unlink(missing_ok=True)
    answer = host.ask("pvb-dom0", "look", **DOM0)

    assert "GRUB 2" in answer["error"]
    assert answer["hint"]


@pytest.mark.parametrize(
    ("program", "request_", "said"),
    [
        ("pvb-modules", {"action": "look", "modules": [], "verbose": True}, "unknown key 'verbose'"),
        ("pvb-modules", {"action": "look"}, "'modules' is missing"),
        ("pvb-dom0", {"action": "boot"}, "knows no action 'boot'"),
    ],
)
def test_what_is_no_request_is_refused(host: StepHost, program: str, request_: dict[str, object], said: str) -> None:
    keys = {key: value for key, value in request_.items() if key != "action"}

    assert said in host.ask(program, str(request_["action"]), **keys)["error"]


PACKAGES = {
    "files": [
        {"path": "/x/libxen.deb", "name": "libxenmisc4.17", "version": "4.17.5-1", "architecture": "amd64"},
        {"path": "/x/netperf.deb", "name": "netperf", "version": "2.7.0-1", "architecture": "amd64"},
    ],
    "beside": [],
    "source": "pushed",
}


@pytest.fixture
def dpkg(host: StepHost, tmp_path: Path) -> StepHost:
    """A host whose dpkg keeps its packages as lines of a file; bash is there, and libc6."""
    host.grub()
    host.write("/boot/vmlinuz-6.1.0-30-amd64", "kernel")
    (host.root / "etc/systemd/system").mkdir(parents=True)
    known = tmp_path / "packages"
    known.write_text("ii \tbash\t5.2\nii \tlibc6\t2.36\n")
    host.program("dpkg-query", f"cat {known}")
    install = (
        f'for file; do case $file in *.deb) grep -q "$(basename $file .deb)" {known} || '
        f'printf "ii \\t%s\\t%s\\n" $(cat $file) >>{known};; esac; done; echo xen >>{host.root}/boot/grub/grub.cfg'
    )
    purge = f"shift; for name; do sed -i /$name/d {known}; done"
    host.program("dpkg", f'if [ "$1" = --purge ]; then {purge}; else {install}; fi')
    return host


def pushed(host: StepHost, **more: object) -> dict[str, object]:
    files = []
    for each in PACKAGES["files"]:
        path = host.scratch / Path(each["path"]).name  # type: ignore[index, call-overload]
        path.write_text(f"{each['name']} {each['version']}\n")  # type: ignore[index]
        files.append({**each, "path": str(path)})  # type: ignore[dict-item]
    return {**PACKAGES, "files": files, **more}


def test_packages_are_installed_once_and_exactly_they_are_purged(dpkg: StepHost) -> None:
    before = dpkg.files()
    request = pushed(dpkg)
    looked = dpkg.ask("pvb-packages", "look", **request)
    assert dpkg.files() == before
    first, second = (dpkg.ask("pvb-packages", "apply", **request) for _ in range(2))

    assert looked["changes"] == ["install libxenmisc4.17 4.17.5-1", "install netperf 2.7.0-1"]
    assert first["changed"] == ["installed libxenmisc4.17 4.17.5-1", "installed netperf 2.7.0-1"]
    assert (second["changed"], second["state"]) == ([], {"installed": ["libxenmisc4.17", "netperf"], "beside": []})
    assert len(dpkg.called("dpkg")) == 1

    answer = dpkg.ask("pvb-packages", "undo")
    assert answer["failures"] == []
    assert dpkg.called("dpkg")[-1] == "dpkg --purge libxenmisc4.17 netperf"
    assert dpkg.files() == before
    assert not dpkg.record("pvb-packages").exists()


def test_xen_does_not_become_the_default_by_being_installed(dpkg: StepHost) -> None:
    dpkg.program("dpkg", f"cp -r {dpkg.root}/etc {dpkg.root}/seen; exit 1")
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))

    assert "XEN_OVERRIDE_GRUB_DEFAULT=0" in dpkg.text("/seen/default/grub.d/pvbench-default.cfg")
    assert (dpkg.root / "seen/systemd/system/netperf.service").readlink() == Path("/dev/null")


def test_what_xen_left_in_folders_that_were_not_there_goes_and_somebodys_stays(dpkg: StepHost) -> None:
    dpkg.write("/var/log/xen/old.log", "theirs")
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))
    dpkg.write("/var/lib/xen/userdata-d.1.1234.xl", "left")
    (dpkg.root / "var/lib/xen/dump").mkdir()
    dpkg.write("/var/log/xen/new.log", "left")
    dpkg.ask("pvb-packages", "undo")

    assert not (dpkg.root / "var/lib/xen").exists()
    assert dpkg.text("/var/log/xen/old.log") == "theirs"


def test_what_somebody_put_into_a_folder_of_xens_since_stays_and_is_told(dpkg: StepHost) -> None:
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))
    dpkg.write("/etc/xen/web.cfg", "theirs")
    dpkg.write("/var/lib/xen/save/web", "theirs")
    dpkg.write("/var/lib/xen/userdata-d.1.1234.xl", "left")
    failures = dpkg.ask("pvb-packages", "undo")["failures"]

    assert sorted(failures) == [
        "/etc/xen is left: pvbench did not make /etc/xen/web.cfg (1 such)",
        "/var/lib/xen is left: pvbench did not make /var/lib/xen/save/web (1 such)",
    ]
    assert (dpkg.text("/etc/xen/web.cfg"), dpkg.text("/var/lib/xen/save/web")) == ("theirs", "theirs")
    (dpkg.root / "etc/xen/web.cfg").unlink()
    (dpkg.root / "var/lib/xen/save/web").unlink()
    assert dpkg.ask("pvb-packages", "undo")["failures"] == []
    assert not dpkg.record("pvb-packages").exists()


def test_of_a_package_that_somebody_removed_the_settings_stay(dpkg: StepHost, tmp_path: Path) -> None:
    (tmp_path / "packages").write_text("rc \tnetperf\t2.7.0-1\n")
    dpkg.program("dpkg", f'[ "$1" != --install ] || printf "ii \\tnetperf\\t2.7.0-1\\n" >{tmp_path}/packages')
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))

    (tmp_path / "packages").write_text("ii \tnetperf\t2.7.0-1\nii \tlibxenmisc4.17\t4.17.5-1\n")
    assert "removed netperf" in dpkg.ask("pvb-packages", "undo")["undone"]
    assert dpkg.called("dpkg")[-2:] == ["dpkg --remove libxenmisc4.17 netperf", "dpkg --purge libxenmisc4.17"]


def test_a_step_waits_for_one_whose_connection_was_lost_and_loses_nothing_of_its_record(dpkg: StepHost) -> None:
    script = (dpkg.bin / "dpkg").read_text()
    slow = script.replace("#!/bin/sh", "#!/bin/sh\n[ $# != 4 ] || { touch $0.begun; sleep 1; }")
    (dpkg.bin / "dpkg").write_text(slow)
    request = pushed(dpkg)
    first = {**request, "files": request["files"][:1]}  # type: ignore[index]
    with ThreadPoolExecutor() as pool:
        lost = pool.submit(dpkg.ask, "pvb-packages", "apply", **first)
        while not (dpkg.bin / "dpkg.begun").exists():
            time.sleep(0.01)
        second = dpkg.ask("pvb-packages", "apply", **request)
        assert lost.done()

    assert second["changed"] == ["installed netperf 2.7.0-1"]
    assert second["state"]["installed"] == ["libxenmisc4.17", "netperf"]


def test_an_installed_package_is_not_replaced_by_another_version(dpkg: StepHost) -> None:
    wanted = [{"path": "/x/bash.deb", "name": "bash", "version": "5.3", "architecture": "amd64"}]
    answer = dpkg.ask("pvb-packages", "look", files=wanted, beside=[], source="pushed")

    assert answer["error"].startswith("bash 5.2 is installed, and 5.3 is asked for")
    assert not dpkg.record("pvb-packages").exists()


def test_a_file_that_is_not_what_was_sent_is_not_installed(dpkg: StepHost) -> None:
    request = pushed(dpkg)
    request["files"][0]["sha256"] = "0" * 64  # type: ignore[index]

    assert "SHA-256" in dpkg.ask("pvb-packages", "apply", **request)["error"]
    assert dpkg.called("dpkg") == []


def test_packages_are_not_purged_beneath_a_running_xen(dpkg: StepHost, tmp_path: Path) -> None:
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))
    record = dpkg.record("pvb-packages")
    record.write_text(record.read_text().replace("libxenmisc4.17", "xen-utils-4.17"))
    (tmp_path / "packages").write_text("ii \txen-utils-4.17\t4.17.5-1\n")
    dpkg.write("/sys/hypervisor/type", "xen\n")

    assert dpkg.ask("pvb-packages", "undo")["failures"] == [
        "this host still runs on Xen: boot its old kernel first, then undo"
    ]
    assert "--purge" not in dpkg.log.read_text()


def test_a_host_with_packages_installed_by_half_is_refused(dpkg: StepHost, tmp_path: Path) -> None:
    (tmp_path / "packages").write_text("iF \tbash\t5.2\n")

    assert dpkg.ask("pvb-packages", "look", **pushed(dpkg))["hint"] == "dpkg --configure -a"


def test_a_package_is_unpacked_beside_the_others_and_removed(dpkg: StepHost) -> None:
    before = dpkg.files()
    tree = 'mkdir -p "$3/boot" "$3/usr/lib/xen-4.20/bin"; ln -s bin "$3/usr/lib/xen-4.20/sbin"'
    dpkg.program("dpkg-deb", f'{tree}; echo xen >"$3/boot/xen-4.20-amd64.gz"')
    package = {"path": str(dpkg.scratch / "a.deb"), "name": "xen-4.20", "version": "4.20.0", "architecture": "amd64"}
    (dpkg.scratch / "a.deb").touch()
    request = {"files": [], "beside": [package], "source": "pushed"}
    first, second = (dpkg.ask("pvb-packages", "apply", **request) for _ in range(2))

    assert first["changed"] == ["unpacked xen-4.20 4.20.0 beside what is installed"]
    assert second["changed"] == []
    assert dpkg.text("/boot/xen-4.20-amd64.gz") == "xen\n"
    assert (dpkg.root / "usr/lib/xen-4.20/sbin").is_symlink()
    assert dpkg.ask("pvb-packages", "undo")["failures"] == []
    assert dpkg.files() == before
    assert not (dpkg.root / "usr").exists()


def test_what_was_unpacked_and_is_installed_by_now_is_dpkgs(dpkg: StepHost, tmp_path: Path) -> None:
    dpkg.program("dpkg-deb", 'mkdir "$3/boot"; echo xen >"$3/boot/xen-4.20-amd64.gz"')
    package = {"path": str(dpkg.scratch / "a.deb"), "name": "xen-4.20", "version": "4.20.0", "architecture": "amd64"}
    (dpkg.scratch / "a.deb").touch()
    dpkg.ask("pvb-packages", "apply", files=[], beside=[package], source="pushed")
    with (tmp_path / "packages").open("a") as known:
        known.write("ii \txen-4.20\t4.20.0\n")

    answer = dpkg.ask("pvb-packages", "undo")
    assert answer == {"undone": ["left what was unpacked of xen-4.20: it is installed by now"], "failures": []}
    assert dpkg.text("/boot/xen-4.20-amd64.gz") == "xen\n"


@pytest.mark.parametrize(("since", "is_put_back"), [("", True), ("GRUB_TIMEOUT=1\n", False)])
def test_a_grub_cfg_made_otherwise_is_put_back_unless_the_settings_are_others_by_now(
    dpkg: StepHost, since: str, is_put_back: bool
) -> None:
    dpkg.write("/boot/grub/grub.cfg", "made by hand\n")
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))
    dpkg.write("/etc/default/grub", f"GRUB_DEFAULT=0\n{since}")
    dpkg.ask("pvb-packages", "undo")

    assert (dpkg.text("/boot/grub/grub.cfg") == "made by hand\n") == is_put_back


def test_groups_that_a_package_made_go_with_it_and_somebodys_stay(dpkg: StepHost) -> None:
    dpkg.write("/etc/group", "root:x:0:\n")
    script = (dpkg.bin / "dpkg").read_text()
    (dpkg.bin / "dpkg").write_text(
        f"{script}grep -q rdma {dpkg.root}/etc/group || echo rdma:x:1: >>{dpkg.root}/etc/group\n"
    )
    dpkg.program("groupdel", f"sed -i /$1/d {dpkg.root}/etc/group")
    dpkg.ask("pvb-packages", "apply", **pushed(dpkg))
    dpkg.write("/etc/group", dpkg.text("/etc/group") + "theirs:x:2:\n")
    (dpkg.bin / "dpkg").write_text(script)

    assert "removed rdma from /etc/group" in dpkg.ask("pvb-packages", "undo")["undone"]
    assert dpkg.text("/etc/group") == "root:x:0:\ntheirs:x:2:\n"


def test_users_and_groups_of_somebodys_stay_whenever_they_were_made(dpkg: StepHost) -> None:
    dpkg.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    dpkg.write("/etc/group", "root:x:0:\n")
    script = (dpkg.bin / "dpkg").read_text()
    added = f"echo rdma:x:101:alice >>{dpkg.root}/etc/group; echo bob:x:1001:1001::/home/bob:/bin/sh"
    (dpkg.bin / "dpkg").write_text(f"{script}{added} >>{dpkg.root}/etc/passwd\n")
    dpkg.program("userdel", f"sed -i /$1/d {dpkg.root}/etc/passwd")
    request = pushed(dpkg)
    dpkg.ask("pvb-packages", "apply", **{**request, "files": request["files"][:1]})  # type: ignore[index]
    (dpkg.bin / "dpkg").write_text(script)
    dpkg.write("/etc/passwd", dpkg.text("/etc/passwd") + "backup:x:200:200::/srv:/bin/sh\n")
    dpkg.ask("pvb-packages", "apply", **request)

    assert dpkg.ask("pvb-packages", "undo")["failures"] == ["the group rdma is left: alice is in it"]
    assert [line.split(":")[0] for line in dpkg.text("/etc/passwd").splitlines()] == ["root", "bob", "backup"]
    assert dpkg.called("userdel") == []
