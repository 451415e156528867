"""What apt says of packages, what a host says it is, and what of the cache may be sent."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from pvbench.errors import StackError
from pvbench.stack import base, build, own_xen
from pvbench.stack.apt import Package, parsed
from pvbench.stack.manifest import StackManifest
from pvbench.stack.nouns import Dom0, HypervisorChoice, Stack
from tests.unit.stack.plain_host import KERNEL, STATUS, PlainHost

# As apt 2.6 prints it.
URIS = """\
Reading package lists...
'http://deb.example.org/debian/pool/main/f/fio/fio_3.33-3_amd64.deb' fio_3.33-3_amd64.deb 537684 MD5Sum:8c5549eb0d7e814e
'http://deb.example.org/debian/q/qemu_7.2%2bdfsg-7_amd64.deb' qemu-system-xen_1%3a7.2+dfsg-7_amd64.deb 2764220 SHA256:e2
"""


def test_packages_are_read_as_apt_names_them() -> None:
    assert parsed(URIS) == (
        Package("fio", "3.33-3", "amd64", 537684, file="fio_3.33-3_amd64.deb"),
        Package("qemu-system-xen", "1:7.2+dfsg-7", "amd64", 2764220, file="qemu-system-xen_1%3a7.2+dfsg-7_amd64.deb"),
    )


def test_a_host_is_asked_what_it_is() -> None:
    host = PlainHost()
    removed = "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
    host.files["/var/lib/dpkg/status"] = (STATUS + removed).encode()
    with host.connect() as transport:
        told = base.look(transport)

    assert (told.release, told.architecture, told.kernel) == ("bookworm", "amd64", KERNEL)
    assert told.installed() == {"bash": ("5.2", "amd64")}


@pytest.mark.parametrize("said", ["", "{}", 'ID=debian\nVERSION_CODENAME=buster\nPRETTY_NAME="Debian 10"\n'])
def test_a_host_that_no_stack_is_made_for_is_refused(said: str) -> None:
    with PlainHost(release=said).connect() as transport, pytest.raises(StackError, match="Debian 12 or 13 on amd64"):
        base.look(transport)


def plain_build(cache: Path, *packages: Package) -> build.Built:
    stack, host = Stack("xen"), base.Base("bookworm", "amd64", KERNEL, STATUS)
    made = StackManifest("xen", stack.asked, "bookworm", "amd64", KERNEL, "/boot/xen-4.17-amd64.gz", "1", (), packages)

    def resolve(work: Path) -> StackManifest:
        (work / "fio_amd64.deb").write_bytes(b"package")
        return made

    return build.stored(cache, stack, host, None, resolve)


def test_a_file_that_was_changed_in_the_cache_is_not_sent(tmp_path: Path) -> None:
    digest = "bb53a6ce4a6d7c5e1cb0d2cf3bf6ac7a9f5bd2ec7f0d8e8e1b1b8a7e2d2d0a11"
    built = plain_build(tmp_path, Package("fio", "3.33-3", "amd64", 7, digest, "fio_amd64.deb"))

    with pytest.raises(StackError, match="is not what was fetched"):
        build.files(built)


def test_a_stack_is_resolved_once(tmp_path: Path) -> None:
    first = plain_build(tmp_path)
    (first.folder / "mark").touch()

    assert (plain_build(tmp_path).folder / "mark").exists()


def test_xen_beside_the_releases_own_cannot_come_from_the_hosts_mirror(tmp_path: Path) -> None:
    stack = Stack("new", HypervisorChoice(version="4.20"), packages="host")
    host = PlainHost()
    with host.connect() as transport, pytest.raises(StackError, match="needs `packages: pushed`"):
        build.build(stack, base.look(transport), tmp_path, print, None, transport)


@pytest.mark.parametrize(
    ("version", "words"),
    [("4.20", "need that one's C library; this host is bookworm"), ("4.19", "no Xen 4.19; one of")],
)
def test_a_xen_that_cannot_be_put_beside_is_refused_before_anything_is_fetched(
    tmp_path: Path, version: str, words: str
) -> None:
    host = base.Base("bookworm", "amd64", KERNEL, STATUS)

    with pytest.raises(StackError, match=words):
        build.build(Stack("new", HypervisorChoice(version=version)), host, tmp_path, print, None)


def test_a_xen_of_ones_own_becomes_a_package_of_one_file(tmp_path: Path) -> None:
    xen = tmp_path / "xen.gz"
    xen.write_bytes(gzip.compress(b"a Xen", mtime=0))
    package = own_xen.packed(xen, tmp_path)

    listed = subprocess.run(
        ["dpkg-deb", "-c", tmp_path / str(package.file)], capture_output=True, text=True, check=True
    ).stdout
    assert f".{own_xen.place_of(xen)}\n" in listed
    assert re.fullmatch(r"/boot/xen-0\+[0-9a-f]{12}\.gz", own_xen.place_of(xen))


@pytest.mark.parametrize(
    ("content", "words"), [(b"text", "neither gzip nor ELF"), (None, "cannot be read: No such file")]
)
def test_what_is_no_xen_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "xen").write_bytes(content)

    with pytest.raises(StackError, match=words):
        own_xen.version_of(tmp_path / "xen")


def test_the_newest_kernel_is_the_one_with_the_highest_numbers(tmp_path: Path) -> None:
    uris = "".join(
        f"'http://deb.example.org/x.deb' {name}_1_amd64.deb 7 MD5Sum:ab\n"
        for name in ("linux-image-6.1.0-9-amd64", "linux-image-6.1.0-50-amd64", "linux-image-amd64")
    )
    uris += "'http://deb.example.org/x.deb' xen-hypervisor-4.17-amd64_4.17.5-1_amd64.deb 7 MD5Sum:ab\n"
    host = PlainHost(apt=(0, uris))
    stack = Stack("xen", dom0=Dom0(kernel="distro"), packages="host")
    with host.connect() as transport:
        built = build.build(stack, base.look(transport), tmp_path, print, None, transport)

    assert built.manifest.kernel == "6.1.0-50-amd64"


def test_the_hosts_own_apt_says_why_it_finds_no_way(tmp_path: Path) -> None:
    host = PlainHost(apt=(100, "E: Unable to locate package netperf\n"))
    with host.connect() as transport, pytest.raises(StackError, match="Unable to locate package netperf"):
        build.build(Stack("xen", packages="host"), base.look(transport), tmp_path, print, None, transport)


def test_what_the_hosts_own_apt_finds_is_named_and_not_fetched(tmp_path: Path) -> None:
    uris = "'http://deb.example.org/x.deb' xen-hypervisor-4.17-amd64_4.17.5-1_amd64.deb 7 MD5Sum:ab\n"
    host = PlainHost(apt=(0, uris))
    with host.connect() as transport:
        built = build.build(Stack("xen", packages="host"), base.look(transport), tmp_path, print, None, transport)

    assert (built.manifest.source, built.manifest.xen_version, build.files(built)) == ("host", "4.17.5-1", {})
