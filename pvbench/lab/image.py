"""Building a lab's image: the carried QEMU, the host's disk, keys; and with it the builtin guest."""

import json
import shlex
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pvbench import ssh
from pvbench.errors import ImageError
from pvbench.guest import builtin
from pvbench.images import bootstrap, programs
from pvbench.images.bootstrap import Report
from pvbench.images.mirror import Mirror, mirror
from pvbench.lab import argv, contents
from pvbench.lab.argv import DISK_GIB
from pvbench.lab.flavours import USUAL, Flavour

TOOLS = {"mmdebstrap": "mmdebstrap", "fakeroot": "fakeroot", "mke2fs": "e2fsprogs", "tar": "tar"}
"""The programs a build needs, and the Debian packages that have them."""


@dataclass(frozen=True)
class Image:
    """A finished image on disk."""

    path: Path

    @property
    def disk(self) -> Path:
        """The host's disk as it was built; machines write to copies above it."""
        return self.path / "dom0.qcow2"

    @property
    def flavour(self) -> str:
        """The name of the flavour it was built for; what says none is from before there were any."""
        try:
            return str(json.loads((self.path / "manifest.json").read_text()).get("flavour", USUAL.name))
        except (OSError, ValueError):
            return USUAL.name

    @property
    def key(self) -> Path:
        """The private key that the host admits."""
        return self.path / "id_ed25519"

    @property
    def host_key(self) -> str:
        """The pinned public key of the host's sshd."""
        return (self.path / "host_key").read_text().strip()

    @property
    def qemu_version(self) -> str:
        """The carried QEMU's version."""
        return str(json.loads((self.path / "manifest.json").read_text())["qemu"])


def find(cache: Path, flavour: Flavour = USUAL, disk_gib: int = DISK_GIB) -> Image | None:
    """Return the finished image of today's recipe, or None."""
    path = cache / "images" / contents.digest(flavour, disk_gib)
    return Image(path) if path.is_dir() else None


def missing_packages() -> list[str]:
    """Return the packages that have to be installed before an image can be built here."""
    return bootstrap.missing(TOOLS)


def build(
    cache: Path, report: Report, flavour: Flavour = USUAL, disk_gib: int = DISK_GIB, given: str | None = None
) -> Image:
    """Build the image and the guest, side by side, each unless it is there; `report` is told each step.

    Packages come from the machine's own mirror or the one given. Raises ImageError.
    """
    if find(cache, flavour, disk_gib) is None:
        bootstrap.need(TOOLS)
    with ThreadPoolExecutor(1) as lane:
        beside = lane.submit(builtin.build, cache, report, given)
        name = contents.digest(flavour, disk_gib)
        path = bootstrap.finished_part(
            cache / "images", name, lambda work: _build(work, report, flavour, disk_gib, mirror(given, work))
        )
        beside.result()
    return Image(path)


def _build(work: Path, report: Report, flavour: Flavour, disk_gib: int, source: Mirror) -> None:
    _keys(work, contents.overlay(flavour))
    with ThreadPoolExecutor(1) as lane:
        beside = lane.submit(_qemu, work, report, source.of(contents.QEMU_SUITE))
        _host(work, report, flavour, disk_gib, source.of(flavour.suite))
        beside.result()
    report("disk image of the host")
    tree = work / "qemu"
    convert = [*argv.loader(tree), f"{tree}/usr/bin/qemu-img", "convert", "-O", "qcow2", "dom0.raw", "dom0.qcow2"]
    programs.run(convert, log=work / "convert.log", timeout_s=900, cwd=work)
    (work / "dom0.raw").unlink()
    manifest = {"recipe": contents.digest(flavour, disk_gib), "flavour": flavour.name, "qemu": _qemu_version(work)}
    (work / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _keys(work: Path, files: Mapping[str, str]) -> None:
    """Lay out the image's files, with the key that the host admits and its own host key; both stay on this machine."""
    overlay = work / "overlay"
    private, public = ssh.new_key()
    host_private, host_public = ssh.new_key()
    files = {
        **files,
        "root/.ssh/authorized_keys": f"{public} pvbench-lab\n",
        "etc/ssh/ssh_host_ed25519_key": host_private,
        "etc/ssh/ssh_host_ed25519_key.pub": f"{host_public}\n",
    }
    for name, text in files.items():
        path = overlay / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (work / "id_ed25519").touch(mode=0o600)
    (work / "id_ed25519").write_text(private)
    (work / "host_key").write_text(f"{host_public}\n")


def _qemu(work: Path, report: Report, source: Mirror) -> None:
    report("QEMU 7.2 of Debian 12, carried in the image")
    bootstrap.tree(work, "qemu", contents.QEMU_PACKAGES, source, "deb", variant="extract", target="qemu.tar")
    (work / "qemu").mkdir()
    # Only root may make the devices of a root file system; a tree of programs needs none, and no mirror's password.
    untar = ["tar", "-xf", "qemu.tar", "--no-same-owner", "--exclude=./dev/*", "--exclude=./etc/apt/*", "-C", "qemu"]
    programs.run(untar, log=work / "qemu.log", timeout_s=600, cwd=work)
    (work / "qemu.tar").unlink()


def _qemu_version(work: Path) -> str:
    """Return the version that the carried QEMU itself prints."""
    log, tree = work / "version.log", work / "qemu"
    programs.run([*argv.loader(tree), f"{tree}/usr/bin/qemu-system-x86_64", "--version"], log=log, timeout_s=60)
    _, _, said = log.read_text().partition("emulator version ")
    if not said:
        raise ImageError("the carried QEMU does not say its version", hint=f"see {log}")
    return said.split()[0]


def _host(work: Path, report: Report, flavour: Flavour, disk_gib: int, source: Mirror) -> None:
    report(f"the host: {flavour.release}")
    make_disk, *inside = contents.scripts(flavour)
    bootstrap.tree(
        work,
        "dom0",
        flavour.packages,
        source,
        "deb",
        variant="minbase",
        target="dom0.tar",
        excluded=contents.excluded(),
        hooks=[hook for script in inside for hook in _run_inside(script)],
    )
    report("the host: file system")
    made_from = [f"{work}/dom0.tar", f"{work}/overlay", f"{work}/dom0.raw", f"{disk_gib}G"]
    programs.run(["fakeroot", "sh", str(make_disk), *made_from], log=work / "dom0.log", timeout_s=1800)
    (work / "dom0.tar").unlink()
    shutil.rmtree(work / "overlay")


def _run_inside(script: Path) -> tuple[str, ...]:
    """Return mmdebstrap's hooks that run a script in the tree: a user's namespace may not read it from where it is."""
    inside = f"/root/{script.name}"
    return (f"copy-in {shlex.quote(str(script))} /root", f'chroot "$1" sh {inside}', f'rm "$1{inside}"')
